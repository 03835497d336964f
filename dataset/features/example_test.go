package features_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// made stands for features.Open: vectors of width 8 as a model would have made them, 200 of class 0, 40 and 8.
func made(seed uint64, counts ...int) *features.Set {
	rng := rand.New(rand.NewPCG(seed, 0))
	var rows [][]float32
	var labels []int
	for class, n := range counts {
		for range n {
			row := make([]float32, 8)
			for k := range row {
				row[k] = float32(rng.NormFloat64())
			}
			row[class] += 3
			rows, labels = append(rows, row), append(labels, class)
		}
	}
	set, err := features.FromRows(rows, labels, []string{"cat", "lynx", "puma"})
	if err != nil {
		log.Fatal(err)
	}
	return set
}

// A method trains an MLP on features; features.Open("train.npy", features.Settings{}) would read them.
func Example() {
	trainSet, test := made(1, 200, 40, 8), made(2, 50, 50, 50)
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{trainSet.Width(), 32}})
	check(err)
	net, streams, err := method.HybridPSC(method.PSC{}).New(body, method.Setup{Counts: dataset.Counts(trainSet), Features: trainSet.Width()})
	check(err)
	result, err := train.Trainer{Streams: streams, Epochs: 20, Batch: 31}.Fit(context.Background(), net, trainSet, test)
	check(err)
	fmt.Printf("all above 80%%: %v, rare class above 70%%: %v\n", result.Last.Top1 > 0.8, result.Last.PerClass[2] > 0.7)
	// Output: all above 80%: true, rare class above 70%: true
}

// What comes after training needs no network at all: a linear head by any loss of logits, class means, nearest neighbours.
func Example_posthoc() {
	set, err := posthoc.SetOf(context.Background(), made(1, 200, 40, 8))
	check(err)
	test, err := posthoc.SetOf(context.Background(), made(2, 50, 50, 50))
	check(err)
	head, err := posthoc.Retrain{Loss: &loss.LogitAdjusted{}, Sampler: sampler.Instance{}, Batch: 31, LearningRate: schedule.Constant(0.1)}.CRT(context.Background(), set)
	check(err)
	scores, err := posthoc.Logits(head, test.Features)
	check(err)
	judged, err := posthoc.Judge(scores, test.Labels)
	check(err)
	fmt.Println("above 80%:", judged.Top1() > 0.8)
	// Output: above 80%: true
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
