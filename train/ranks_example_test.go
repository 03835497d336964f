package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/train"
)

// Two ranks train one network, each on half of every batch. Here they are goroutines; in a program that mpirun starts,
// mpi.Open gives each process its rank.
func ExampleTrainer_ranks() {
	set, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, Size: 8, PerClass: 20, TestPerClass: 10, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = distributed.Run(2, func(ranks distributed.Communicator) error {
		body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{8 * 8 * 3, 16}, Seed: 1})
		if err != nil {
			return err
		}
		net, err := hybrid.NewNetwork(body, 3, hybrid.WithInput(8, 8, 3))
		if err != nil {
			return err
		}
		result, err := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 20, Ranks: ranks}.Fit(context.Background(), net, set, test)
		if err == nil && ranks.Rank() == 0 {
			fmt.Println(result.Epochs[1].Steps, "steps of", result.Epochs[1].Images/result.Epochs[1].Steps, "images")
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 3 steps of 60 images
}
