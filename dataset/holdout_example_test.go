package dataset_test

import (
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/dataset"
)

// A fifth of the long tail is kept apart to choose the epoch by; the test set is looked at once, in the end.
func ExampleHoldout() {
	all, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, PerClass: 40, TestPerClass: 10})
	if err != nil {
		log.Fatal(err)
	}
	tail, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 40}, dataset.LongTailSettings{})
	if err != nil {
		log.Fatal(err)
	}
	train, held, err := dataset.Holdout(tail, dataset.HoldoutSettings{Fraction: 0.2, Min: 1, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Counts(train), dataset.Counts(held), dataset.Counts(test))
	// Output: [32 9 2 1] [8 2 1 0] [10 10 10 10]
}

func ExampleIndices() {
	all, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, PerClass: 4, TestPerClass: 1})
	if err != nil {
		log.Fatal(err)
	}
	tail, err := dataset.LongTail(all, dataset.Step{Imbalance: 4}, dataset.LongTailSettings{Selection: dataset.First})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Indices(tail), dataset.Labels(tail))
	// Output: [0 1 2 3 4] [0 0 0 0 1]
}
