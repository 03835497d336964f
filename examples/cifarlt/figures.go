package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/safetensors"
)

// figures are the accuracies of one state of the weights on the test set.
type figures struct {
	Weights  string     `json:"weights"`                // which they are: manifest.LastEpoch or manifest.BestHeldOut
	Epoch    *int       `json:"epoch"`                  // after which, from 0
	HeldOut  *float64   `json:"heldout_top1,omitempty"` // on the held-out split, which chose it
	Top1     *float64   `json:"top1"`
	Top1EMA  *float64   `json:"top1_ema,omitempty"` // of the average weights at that epoch
	Many     *float64   `json:"many"`
	Medium   *float64   `json:"medium"`
	Few      *float64   `json:"few"`
	PerClass []*float64 `json:"per_class"`
}

func (f *figures) fill(r metrics.Report) {
	f.Top1, f.Many, f.Medium, f.Few = percent(r.Top1), percent(r.Many), percent(r.Medium), percent(r.Few)
	for _, c := range r.PerClass {
		f.PerClass = append(f.PerClass, percent(c))
	}
}

// percent turns a rate into percent, nil if it is not available.
func percent(r metrics.Rate) *float64 {
	if math.IsNaN(float64(r)) {
		return nil
	}
	p := math.Round(1e6*float64(r)) / 1e4
	return &p
}

// choose fills in the figures of the best epoch on the held-out split, and of the last one: the only look at the test set.
// What is many, medium or few goes by the long tail before the split, as for runs without one.
func (r *report) choose(ctx context.Context, net *hybrid.Network, d sets) error {
	store := checkpoint.Store{Dir: filepath.Join(r.Settings.Out, "checkpoints")}
	best, err := store.Best()
	if err != nil {
		return err
	}
	last, _, err := store.Newest()
	if err != nil {
		return err
	}
	r.Last = &figures{Weights: manifest.LastEpoch}
	return errors.Join(r.figures.of(ctx, best, net, d), r.Last.of(ctx, last, net, d))
}

// of fills in the figures of a checkpoint. It leaves its weights in the network.
func (f *figures) of(ctx context.Context, c *checkpoint.Checkpoint, net *hybrid.Network, d sets) error {
	epoch := c.Run.Epoch - 1
	f.Epoch = &epoch
	if c.Run.Score != nil {
		f.HeldOut = percent(metrics.Rate(*c.Run.Score))
	}
	test := func(name string) (metrics.Report, error) {
		// The file of a run may have the parameters of losses too.
		if _, err := safetensors.LoadPartial(filepath.Join(c.Path, name+".safetensors"), net); err != nil {
			return metrics.Report{}, err
		}
		confusion, err := net.Evaluate(ctx, d.test, 0)
		if err != nil {
			return metrics.Report{}, fmt.Errorf("testing %s of %s: %w", name, c.Path, err)
		}
		return confusion.Report(d.tail, nil)
	}
	report, err := test("model")
	if err != nil {
		return err
	}
	f.fill(report)
	if c.Has("ema") {
		average, err := test("ema")
		if err != nil {
			return err
		}
		f.Top1EMA = percent(average.Top1)
	}
	return nil
}
