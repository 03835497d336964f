package method_test

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

func ExampleByName() {
	m, err := method.ByName("hybrid-sc")
	fmt.Println(m.Title, m.ArXiv, m.Images, err)
	_, err = method.ByName("boosting")
	fmt.Println(err != nil)
	// Output:
	// Hybrid-SC 2103.14267 3 <nil>
	// true
}

func ExampleAll() {
	all := method.All()
	for _, m := range all[len(all)-5:] {
		fmt.Printf("%-6s %d images a sample, two stages: %t\n", m.Title, m.Images, m.Second != nil)
	}
	// Output:
	// TSC    2 images a sample, two stages: true
	// BCL    3 images a sample, two stages: false
	// PaCo   2 images a sample, two stages: false
	// GPaCo  2 images a sample, two stages: false
	// ProCo  3 images a sample, two stages: false
}

// Any method is three calls: New, Fit, Finish.
func ExampleMethod_New() {
	all, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 8, PerClass: 40, Seed: 1})
	if err != nil {
		panic(err)
	}
	trainSet, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 10}, dataset.LongTailSettings{})
	if err != nil {
		panic(err)
	}
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{8 * 8 * 3, 16}, Seed: 1})
	if err != nil {
		panic(err)
	}
	m, ctx := method.CRT(), context.Background()
	net, streams, err := m.New(body, method.Setup{Counts: dataset.Counts(trainSet), Size: 8})
	if err != nil {
		panic(err)
	}
	trainer := train.Trainer{Streams: streams.Augment(augment.Flip{P: 0.5}), Epochs: 20, Batch: 16, LearningRate: schedule.Constant(0.05)}
	if _, err := trainer.Fit(ctx, net, trainSet, nil); err != nil {
		panic(err)
	}
	if err := m.Finish(ctx, net, method.Stage{Train: trainSet, Retrain: posthoc.Retrain{Batch: 16}}); err != nil {
		panic(err)
	}
	confusion, err := net.Evaluate(ctx, test, 0)
	if err != nil {
		panic(err)
	}
	fmt.Println(test.Len(), "test images, better than chance:", confusion.Top1() > 0.3)
	// Output: 200 test images, better than chance: true
}
