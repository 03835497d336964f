package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// report is the JSON of a run. Accuracies are in percent, as the field's tables have them; null means not available.
type report struct {
	Settings     settings          `json:"settings"`
	Manifest     manifest.Manifest `json:"manifest"`
	Unit         string            `json:"unit"`
	TrainCounts  []int             `json:"train_counts"`
	Parameters   int               `json:"parameters"`
	MultiplyAdds int64             `json:"multiply_adds"`
	Interrupted  bool              `json:"interrupted"`
	Error        string            `json:"error,omitempty"` // what stopped the run before its end

	HistoryOf string  `json:"history_of"` // what History's accuracies are of: the test set, or the held-out split
	History   []epoch `json:"history"`

	figures                  // on the test set, to be quoted
	Last            *figures `json:"last,omitempty"` // with a held-out split, for comparison
	Images          int      `json:"images"`
	Seconds         float64  `json:"seconds"`           // of training, evaluation excluded
	ImagesPerSecond float64  `json:"images_per_second"` // through the backbone in training: each view counts

	PrototypeCosine *float64 `json:"prototype_cosine,omitempty"` // mean over the classes, of first and last prototypes
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

func newReport(s settings, m manifest.Manifest, result *train.Result) *report {
	r := &report{Settings: s, Manifest: m, Unit: "percent", TrainCounts: m.Data.TrainCounts, Parameters: m.Network.Parameters,
		MultiplyAdds: m.Network.MultiplyAdds, HistoryOf: "test set", figures: figures{Weights: m.Selection},
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
		if m := cmp.Or(e.Validation, e.Test); m != nil {
			h.Top1 = percent(m.Top1)
			r.Epoch = &e.Epoch
		}
		if m := cmp.Or(e.ValidationEMA, e.EMA); m != nil {
			h.Top1EMA = percent(m.Top1)
		}
		r.History = append(r.History, h)
	}
	if s.Holdout > 0 {
		r.HistoryOf, r.Epoch = "held-out split", nil
		return r
	}
	if result.Last != nil {
		r.figures.fill(*result.Last)
	}
	if average := result.LastEMA; average != nil {
		r.Top1EMA = percent(average.Top1)
	}
	return r
}

// stopped notes what ended the run early; nil is its end.
func (r *report) stopped(err error) {
	if err != nil {
		r.Error, r.Interrupted = err.Error(), errors.Is(err, context.Canceled)
	}
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "\n%-40s %8s %8s %8s %8s %8s\n", "top-1 (%) on the test set", "many", "medium", "few", "all", "average")
	all := []figures{r.figures}
	if r.Last != nil {
		all = append(all, *r.Last)
	}
	for _, f := range all {
		name := r.Settings.Method + ", " + f.Weights
		if f.Epoch != nil {
			name += fmt.Sprintf(" (%d)", *f.Epoch+1)
		}
		fmt.Fprintf(out, "%-40s %8s %8s %8s %8s %8s\n", name, cell(f.Many), cell(f.Medium), cell(f.Few), cell(f.Top1), cell(f.Top1EMA))
	}
	fmt.Fprintf(out, "%.1f images/s, %.1f s of training\n", r.ImagesPerSecond, r.Seconds)
}

func cell(p *float64) string {
	if p == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", *p)
}

// write puts the report where -json and -out say.
func (r *report) write(s settings) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if s.JSON != "" {
		err = record.Replace(s.JSON, text)
	}
	if s.Out == "" {
		return err
	}
	return errors.Join(err, record.Replace(filepath.Join(s.Out, "report.json"), text), writeManifest(filepath.Join(s.Out, "manifest.json"), r.Manifest))
}
