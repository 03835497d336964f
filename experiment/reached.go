package experiment

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/train"
)

// Planned is the report of the run before it is trained, without figures.
func (r *Run) Planned() *Report {
	return &Report{Method: r.Method, Title: r.Title, Seed: r.Trainer.Seed, Unit: "percent", TrainCounts: r.counts(),
		Augmentation: r.Augmentation, Manifest: r.Manifest}
}

// reached is what a run has come to, whether or not to its end.
func (r *Run) reached(result *train.Result) *Report {
	p := r.Planned()
	p.Manifest.Training.ImagesSeen = int64(result.Images)
	p.PassedOver = result.PassedOver
	p.Images, p.Seconds, p.ImagesPerSecond = result.Images, result.Seconds, result.ImagesPerSecond
	if r.taught != nil {
		p.Images, p.Seconds = p.Images+r.taught.Images, p.Seconds+r.taught.Seconds
		p.Manifest.Training.ImagesSeen += int64(r.taught.Images)
	}
	if r.Watch {
		p.HistoryOf = r.judge()
	}
	for _, e := range result.Epochs {
		h := Epoch{Epoch: e.Epoch, Losses: map[string]float64{}, Weights: map[string]float64{}, Loss: e.Total, LR: e.LearningRate,
			Steps: e.Steps, Seconds: e.Seconds, ImagesPerSecond: e.ImagesPerSecond}
		p.Dropped += e.Dropped
		for _, l := range e.Losses {
			h.Losses[l.Name], h.Weights[l.Name] = l.Value, l.Weight
			h.SkippedAnchors += l.Skipped
		}
		if m := cmp.Or(e.Validation, e.Test); m != nil {
			h.Top1 = percent(m.Top1)
			p.Epoch = &e.Epoch
		}
		if m := cmp.Or(e.ValidationEMA, e.EMA); m != nil {
			h.Top1EMA = percent(m.Top1)
		}
		p.History = append(p.History, h)
	}
	p.Weights = p.Manifest.Selection
	if r.Held != nil || result.Last == nil {
		p.Epoch = nil // nothing is known of the test set yet
		return p
	}
	p.fill(*result.Last)
	if result.LastEMA != nil {
		p.Top1EMA = percent(result.LastEMA.Top1)
	}
	return p
}

// stopped notes what ended the run early; nil is its end.
func (p *Report) stopped(err error) {
	if err != nil {
		p.Error, p.Interrupted = err.Error(), errors.Is(err, context.Canceled)
	}
}

func readReport(path string) (*Report, error) {
	text, err := smallfile.Read(path, mostBytes)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var p Report
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("experiment: %s: %w", path, err)
	}
	p.from = path
	return &p, nil
}

func (f *Figures) fill(r metrics.Report) {
	f.Top1, f.Many, f.Medium, f.Few, f.PerClass = percent(r.Top1), percent(r.Many), percent(r.Medium), percent(r.Few), nil
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
