// Quickstart trains four methods on one small long-tailed data set and compares them. It needs no data and,
// where the processor has AVX2, about ten seconds on two cores; pure Go takes longer.
//
//	go run ./examples/quickstart
//
// The data are generated: ten overlapping classes of 16×16 images, 200 images in the most frequent class and 4 in the
// rarest, and a balanced test set. Every method takes about as many steps, on as many images, and has the learning rate and the weight
// decay that did best on held-out images of other seeds, of the same few that were tried with each.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	classes = 10
	size    = 16
	batch   = 16 // samples of a stream; a hybrid passes each three times: two views and a class-balanced one
	epochs  = 20 // of the hybrids; the classifiers have three times as many on batches three times as large
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

// method is one row of the table.
type method struct {
	name    string
	passes  int // of a sample through the backbone, in each epoch
	streams hybrid.Streams
	rate    float64 // these two by longtail sweep
	decay   float64
}

var methods = []method{
	{"CE", 1, hybrid.CE(), 0.4, 5e-4},
	{"CE, class-balanced", 1, hybrid.CEBalanced(), 0.1, 5e-4},
	{"Hybrid-SC", 3, hybrid.SC(0.1), 0.05, 5e-4},
	{"Hybrid-PSC", 3, hybrid.PSC(1), 0.1, 5e-4},
}

func run(ctx context.Context, seed uint64) error {
	trainSet, test, err := data(seed)
	if err != nil {
		return err
	}
	fmt.Printf("%d training images in %d classes %v, %d test images\n\n", trainSet.Len(), classes, dataset.Counts(trainSet), test.Len())
	fmt.Printf("%-20s %8s %8s %8s %8s   %s\n", "top-1 (%)", "many", "medium", "few", "all", "images trained on")
	for _, m := range methods {
		result, err := m.trainSet(ctx, trainSet, test, seed)
		if err != nil {
			return err
		}
		r := result.Last
		fmt.Printf("%-20s %8s %8s %8s %8s   %d\n", m.name, r.Many, r.Medium, r.Few, r.Top1, result.Images)
	}
	return nil
}

// train trains a fresh network by the method.
func (m method) trainSet(ctx context.Context, trainSet, test dataset.Dataset, seed uint64) (*train.Result, error) {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 8, Seed: seed})
	if err != nil {
		return nil, err
	}
	pixels, err := augment.NormalizeOf(ctx, trainSet)
	if err != nil {
		return nil, err
	}
	net, err := hybrid.NewNetwork(body, classes, hybrid.WithInput(size, size, 3), hybrid.WithNormalize(pixels), hybrid.WithProjection(0, 32),
		hybrid.WithSeed(seed))
	if err != nil {
		return nil, err
	}
	repeat := 3 / m.passes // gives every method about as many steps, on as many images
	bar := progressbar.NewOptions(repeat*epochs, progressbar.OptionSetDescription(fmt.Sprintf("%-18s", m.name)),
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	return train.Trainer{
		Streams:      m.streams.Augment(augment.Compose{augment.Crop{Padding: 2}, augment.Flip{P: 0.5}, augment.Grayscale{P: 0.2}}),
		Epochs:       repeat * epochs,
		Batch:        repeat * batch,
		LearningRate: schedule.Warmup{Epochs: repeat * epochs / 20, Then: schedule.MultiStep{Base: m.rate, Milestones: schedule.Milestones(repeat*epochs, 0.8, 0.9)}},
		Optimizer:    optim.SGD{Momentum: 0.9, WeightDecay: m.decay},
		ClipNorm:     1, // contrastive losses begin with steep gradients
		Groups:       metrics.ByRank{First: 3, Last: 3},
		Seed:         seed,
		EvalEvery:    repeat * epochs, // only the last epoch's figures count
		OnEpoch:      func(train.EpochReport) error { _ = bar.Add(1); return nil },
	}.Fit(ctx, net, trainSet, test)
}

// data returns generated images, the training set cut to a long tail of imbalance factor 50.
func data(seed uint64) (trainSet, test dataset.Dataset, err error) {
	balanced, test, err := dataset.Generate(dataset.GenerateSettings{Classes: classes, Size: size, Seed: seed})
	if err != nil {
		return nil, nil, err
	}
	trainSet, err = dataset.LongTail(balanced, dataset.Exponential{Imbalance: 50}, dataset.LongTailSettings{Seed: seed})
	return trainSet, test, err
}
