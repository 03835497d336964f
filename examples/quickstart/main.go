// Quickstart trains four methods on one small long-tailed data set and compares them. It needs no data and under a
// minute on two cores.
//
//	go run ./examples/quickstart
//
// The data are generated: ten overlapping classes of 16×16 images, 200 images in the most frequent class and 4 in the
// rarest, and a balanced test set. Every method passes the same number of images through the backbone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/schollz/progressbar/v3"
)

const (
	classes = 10
	size    = 16
	batch   = 32
	epochs  = 24 // of the hybrids, which see each sample three times: two views and a class-balanced one
)

func main() {
	seed := flag.Uint64("seed", 1, "of the data, the weights and the training")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, seed uint64) error {
	train, test, err := data(seed)
	if err != nil {
		return err
	}
	counts := dataset.Counts(train)
	fmt.Printf("%d training images in %d classes %v, %d test images\n\n", train.Len(), classes, counts, test.Len())

	methods := []struct {
		name    string
		epochs  int
		streams func(n *hybrid.Network) ([]hybrid.Stream, error)
	}{
		{"CE", 3 * epochs, func(*hybrid.Network) ([]hybrid.Stream, error) { return hybrid.CE(), nil }},
		{"CE, class-balanced", 3 * epochs, func(*hybrid.Network) ([]hybrid.Stream, error) { return hybrid.CEBalanced(), nil }},
		{"Hybrid-SC", epochs, func(*hybrid.Network) ([]hybrid.Stream, error) { return hybrid.SC(0.1), nil }},
		{"Hybrid-PSC", epochs, func(n *hybrid.Network) ([]hybrid.Stream, error) { return hybrid.PSC(n, 1, seed) }},
	}
	table := fmt.Sprintf("%-20s %8s %8s %8s %8s   %s\n", "top-1 (%)", "many", "medium", "few", "all", "images trained on")
	for _, m := range methods {
		body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 8, Width: 8, Seed: seed})
		if err != nil {
			return err
		}
		net, err := hybrid.NewNetwork(body, classes, hybrid.WithInput(size, size, 3), hybrid.WithProjection(0, 32), hybrid.WithSeed(seed))
		if err != nil {
			return err
		}
		streams, err := m.streams(net)
		if err != nil {
			return err
		}
		bar := progressbar.NewOptions(m.epochs, progressbar.OptionSetDescription(fmt.Sprintf("%-18s", m.name)),
			progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		trainer := hybrid.Trainer{
			Streams:      streams,
			Epochs:       m.epochs,
			Batch:        batch,
			LearningRate: schedule.Warmup{Epochs: 2, Then: schedule.Cosine{Base: 0.1}},
			Optimizer:    optim.SGD{Momentum: 0.9, WeightDecay: 5e-4},
			Groups:       metrics.ByRank{First: 3, Last: 3},
			Seed:         seed,
			EvalEvery:    m.epochs, // only the last epoch's figures count
			OnEpoch:      func(hybrid.EpochReport) { _ = bar.Add(1) },
		}
		result, err := trainer.Fit(ctx, net, train, test)
		if err != nil {
			return err
		}
		r := result.Last
		table += fmt.Sprintf("%-20s %8s %8s %8s %8s   %d\n", m.name, r.Many, r.Medium, r.Few, r.Top1, result.Images)
	}
	fmt.Print(table)
	return nil
}

// data returns generated images, the training set cut to a long tail of imbalance factor 50.
func data(seed uint64) (train, test dataset.Dataset, err error) {
	balanced, test, err := dataset.Generate(dataset.GenerateSettings{Classes: classes, Size: size, Seed: seed})
	if err != nil {
		return nil, nil, err
	}
	train, err = dataset.LongTail(balanced, dataset.Exponential{Imbalance: 50}, dataset.LongTailSettings{Seed: seed})
	return train, test, err
}
