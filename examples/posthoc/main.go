// Posthoc compares classifiers on the frozen features of one trained model: its own, heads trained anew (cRT), a plain one with its
// logits adjusted or its rows normalized, class means and nearest neighbours. So it tells what the features are worth, whatever
// classifier they were trained with, and measures them.
//
//	go run ./examples/posthoc -data DIR -imbalance 100 -select first runs/ce runs/hybrid-sc
//	go run ./examples/posthoc -imbalance 50 runs/ce-seed-1 # after longtail train --quick --method ce
//
// DIR has CIFAR's files, or folders train and test with a folder of images for each class. The long tail is cut from it as the model's
// training set was. Nothing is chosen by the test set: every parameter is the usual one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/record"
)

type settings struct {
	Data, Select, JSON string
	Imbalance          float64
	Seed               uint64
	Models             []string
}

func main() {
	var s settings
	flag.StringVar(&s.Data, "data", "", "the `folder` of the images; left out: generated ones")
	flag.Float64Var(&s.Imbalance, "imbalance", 0, "imbalance factor of the long tail that is cut; 0: all images are kept")
	flag.StringVar(&s.Select, "select", "shuffle", "which images of a class are kept: shuffle (by the seed) or first")
	flag.Uint64Var(&s.Seed, "seed", 1, "of the long tail, and of the heads that are trained")
	flag.StringVar(&s.JSON, "json", "", "write the figures to this `file` too")
	flag.Parse()
	s.Models = flag.Args()
	if len(s.Models) == 0 {
		fmt.Fprintln(os.Stderr, "usage: posthoc [-data DIR] [-imbalance 100] [-select first] [-seed 1] [-json FILE] MODEL...")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, s); err != nil {
		fmt.Fprintln(os.Stderr, "posthoc:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, s settings) error {
	var all []*result
	for _, model := range s.Models {
		r, err := s.judge(ctx, model)
		if err != nil {
			return err
		}
		if err := r.print(w); err != nil {
			return err
		}
		all = append(all, r)
	}
	if s.JSON == "" {
		return nil
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return record.Replace(s.JSON, append(text, '\n'))
}

// judge makes features of the images by a model, and tries all classifiers on them.
func (s settings) judge(ctx context.Context, model string) (*result, error) {
	net, about, err := hybrid.Open(model)
	if err != nil {
		return nil, err
	}
	profile := "natural"
	if s.Imbalance > 0 {
		profile = "exp"
	}
	in := net.Input()
	if in.Features > 0 || in.Height != in.Width {
		return nil, fmt.Errorf("%s takes no square images: this program is for models of such", model)
	}
	of := experiment.Usual()
	of.Data, of.Size, of.Profile, of.Imbalance, of.Select, of.Holdout, of.Choose = s.Data, in.Width, profile, s.Imbalance, s.Select, 0, "last"
	d, err := of.Open(ctx, s.Seed)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	counts := dataset.Counts(d.Train)
	if about.Counts != nil && !slices.Equal(counts, about.Counts) {
		return nil, fmt.Errorf("%s was trained on classes of %v images, and these are of %v: set -imbalance, -select and -seed as for its training", model, about.Counts, counts)
	}
	if !slices.Equal(about.Classes, d.Train.Classes()) {
		return nil, fmt.Errorf("%s is for the classes %q, the images are of %q", model, about.Classes, d.Train.Classes())
	}
	trainSet, err := features(ctx, net, d.Train)
	if err != nil {
		return nil, err
	}
	test, err := features(ctx, net, d.Test)
	if err != nil {
		return nil, err
	}
	r := &result{Model: model, Method: about.Method}
	if r.Measures, err = measure(trainSet, test); err != nil {
		return nil, err
	}
	r.Classifiers, err = classifiers(ctx, net, trainSet, test, s.Seed)
	return r, err
}
