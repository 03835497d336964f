package experiment_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
)

// Two methods by equal budgets, each kept in a folder from which it goes on after any stop.
func ExampleComparison() {
	dir, err := os.MkdirTemp("", "comparison")
	check(err)
	defer os.RemoveAll(dir)
	s := experiment.Quick() // generated images; Data names a folder of your own
	s.Size, s.Width, s.Epochs, s.Batch = 8, 2, 6, 96

	comparison := experiment.Comparison{Settings: s, Methods: []method.Method{method.CE(), method.HybridSC(loss.SupervisedContrastive{})}, Seeds: []uint64{1}, Dir: dir, Resume: true}
	plan, err := comparison.Plan()
	check(err)
	runs := plan.Done // nothing yet; all of them, if this is done again
	for run, err := range plan.Runs(context.Background()) {
		check(err)
		report, err := run.Do(context.Background())
		check(err)
		runs = append(runs, *report)
	}
	table, err := experiment.NewTable(runs, nil, true)
	check(err)
	for _, row := range table.Rows {
		fmt.Println(row.Title, row.Images)
	}
	again, err := experiment.Read(dir)
	check(err)
	fmt.Println(len(again), "runs in the folder")
	// Output:
	// CE 2880
	// Hybrid-SC 2880
	// 2 runs in the folder
}

// One run, with what it says as it goes left out, and the model that it made.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "run")
	check(err)
	defer os.RemoveAll(dir)
	data, err := experiment.Settings{Size: 8, Imbalance: 50, Depth: 8, Width: 2, Epochs: 2, LR: 0.1}.Open(context.Background(), 1)
	check(err)
	run, err := data.NewRun(method.LogitAdjusted(loss.LogitAdjusted{}))
	check(err)
	run.Dir = filepath.Join(dir, "first")
	report, err := run.Do(context.Background())
	check(err)
	fmt.Println(report.Title, report.Weights, *report.Epoch)
	_, err = os.Stat(filepath.Join(run.Dir, experiment.ModelFile))
	fmt.Println(err)
	// Output:
	// Logit-adjusted last epoch 1
	// <nil>
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
