package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
)

// report is the JSON of a run. Accuracies are in percent, as the field's tables have them; null means not available.
type report struct {
	Settings     settings `json:"settings"`
	Unit         string   `json:"unit"`
	TrainCounts  []int    `json:"train_counts"`
	Parameters   int      `json:"parameters"`
	MultiplyAdds int64    `json:"multiply_adds"`
	Interrupted  bool     `json:"interrupted"`
	Error        string   `json:"error,omitempty"` // what stopped the run before its end
	History      []epoch  `json:"history"`

	// Of the last epoch.
	Top1            *float64   `json:"top1"`
	Top1EMA         *float64   `json:"top1_ema,omitempty"` // of the average weights
	Many            *float64   `json:"many"`
	Medium          *float64   `json:"medium"`
	Few             *float64   `json:"few"`
	PerClass        []*float64 `json:"per_class"`
	Images          int        `json:"images"`
	Seconds         float64    `json:"seconds"`           // of training, evaluation excluded
	ImagesPerSecond float64    `json:"images_per_second"` // through the backbone in training: each view counts
}

type epoch struct {
	Epoch           int                `json:"epoch"` // from 0
	Losses          map[string]float64 `json:"losses"`
	Loss            float64            `json:"loss"`
	Alpha           *float64           `json:"alpha"` // weight of the contrastive loss; null without one
	LR              float64            `json:"lr"`
	Top1            *float64           `json:"top1"` // null where the epoch was not evaluated
	Top1EMA         *float64           `json:"top1_ema,omitempty"`
	SkippedAnchors  int                `json:"skipped_anchors"`
	Steps           int                `json:"steps"`
	Seconds         float64            `json:"seconds"`
	ImagesPerSecond float64            `json:"images_per_second"`
}

func newReport(s settings, counts []int, net nn.Summary, result *hybrid.Result, stopped error) report {
	r := report{Settings: s, Unit: "percent", TrainCounts: counts, Parameters: net.Parameters, MultiplyAdds: net.MultiplyAdds,
		Images: result.Images, Seconds: result.Seconds, ImagesPerSecond: result.ImagesPerSecond}
	for _, e := range result.Epochs {
		h := epoch{Epoch: e.Epoch, Losses: map[string]float64{}, Loss: e.Total, LR: e.LearningRate, Steps: e.Steps, Seconds: e.Seconds, ImagesPerSecond: e.ImagesPerSecond}
		for _, l := range e.Losses {
			h.Losses[l.Name] = l.Value
			h.SkippedAnchors += l.Skipped
			if l.Name != "ce" {
				h.Alpha = &l.Weight
			}
		}
		if e.Test != nil {
			h.Top1 = percent(e.Test.Top1)
		}
		if e.EMA != nil {
			h.Top1EMA = percent(e.EMA.Top1)
		}
		r.History = append(r.History, h)
	}
	if stopped != nil {
		r.Error, r.Interrupted = stopped.Error(), errors.Is(stopped, context.Canceled)
	}
	if last := result.Last; last != nil {
		r.Top1, r.Many, r.Medium, r.Few = percent(last.Top1), percent(last.Many), percent(last.Medium), percent(last.Few)
		for _, c := range last.PerClass {
			r.PerClass = append(r.PerClass, percent(c))
		}
	}
	if average := result.LastEMA; average != nil {
		r.Top1EMA = percent(average.Top1)
	}
	return r
}

// percent turns a rate into percent, nil if it is not available.
func percent(r metrics.Rate) *float64 {
	if math.IsNaN(float64(r)) {
		return nil
	}
	p := math.Round(1e6*float64(r)) / 1e4
	return &p
}

func (r report) print(out io.Writer) {
	cell := func(p *float64) string {
		if p == nil {
			return "n/a"
		}
		return fmt.Sprintf("%.2f", *p)
	}
	fmt.Fprintf(out, "\n%-14s %8s %8s %8s %8s %12s %10s\n", "top-1 (%)", "many", "medium", "few", "all", "images/s", "seconds")
	fmt.Fprintf(out, "%-14s %8s %8s %8s %8s %12.1f %10.1f\n", r.Settings.Method, cell(r.Many), cell(r.Medium), cell(r.Few), cell(r.Top1), r.ImagesPerSecond, r.Seconds)
	if r.Top1EMA != nil {
		fmt.Fprintf(out, "%-14s %35s\n", "average weights", cell(r.Top1EMA))
	}
}

// write fills the temporary file, syncs it and renames it to path.
func (r report) write(f *os.File, path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
