package experiment

import (
	"fmt"
	"io"
	"strings"

	"github.com/longtail-ml/longtail/manifest"
)

// Report is what a run reached: report.json in its folder. Accuracies are in percent, as the field's tables have them; nil
// and null mean not available.
type Report struct {
	Method      string `json:"method"`
	Title       string `json:"title"`
	Seed        uint64 `json:"seed"`
	Unit        string `json:"unit"`
	Interrupted bool   `json:"interrupted,omitempty"`
	Error       string `json:"error,omitempty"` // what stopped the run before its end
	// PassedOver are checkpoints that were damaged when the run was resumed, and how. Those before them led to the same bits.
	PassedOver []string `json:"passed_over,omitempty"`

	Figures              // on the test set, to be quoted
	Last        *Figures `json:"last,omitempty"` // of the last epoch, where Figures are of another
	TrainCounts []int    `json:"train_counts"`   // that many, medium and few go by
	// Predictions are those that Figures count, of the held-out images for a run that is judged by them alone; nil in older reports.
	Predictions *Predictions `json:"predictions,omitempty"`

	Images          int      `json:"images"`            // those of a teacher that was trained first among them
	Dropped         int      `json:"dropped,omitempty"` // samples drawn that made no whole step
	Seconds         float64  `json:"seconds"`           // of training and the second stage, evaluation excluded
	ImagesPerSecond float64  `json:"images_per_second"` // through the backbone in training: each view counts
	Augmentation    []string `json:"augmentation"`      // the views that differ

	HistoryOf string  `json:"history_of,omitempty"` // what History's accuracies are of: the test set, or held-out images
	History   []Epoch `json:"history,omitempty"`

	Manifest manifest.Manifest `json:"manifest"`

	from string // the file it was read from; "" if it is not from one
}

// Figures are the accuracies of one state of the weights on the test set.
type Figures struct {
	Weights string   `json:"weights,omitempty"`      // which they are: manifest.LastEpoch or manifest.BestHeldOut
	Epoch   *int     `json:"epoch,omitempty"`        // after which, from 0
	HeldOut *float64 `json:"heldout_top1,omitempty"` // on the held-out images, which chose it
	// HeldOutBalanced is the mean over classes there, of runs that are judged by them alone.
	HeldOutBalanced *float64   `json:"heldout_balanced_accuracy,omitempty"`
	Top1            *float64   `json:"top1"`
	Top1EMA         *float64   `json:"top1_ema,omitempty"` // of the average weights, of their own best epoch where one is chosen
	Many            *float64   `json:"many"`
	Medium          *float64   `json:"medium"`
	Few             *float64   `json:"few"`
	PerClass        []*float64 `json:"per_class"`
}

// Epoch is a line of a report's history.
type Epoch struct {
	Epoch           int                `json:"epoch"` // from 0
	Losses          map[string]float64 `json:"losses"`
	Weights         map[string]float64 `json:"weights"` // of the losses: of a hybrid's contrast, the curriculum's α
	Loss            float64            `json:"loss"`
	LR              float64            `json:"lr"`
	Top1            *float64           `json:"top1"` // null where the epoch was not evaluated
	Top1EMA         *float64           `json:"top1_ema,omitempty"`
	SkippedAnchors  int                `json:"skipped_anchors"`
	Steps           int                `json:"steps"`
	Seconds         float64            `json:"seconds"`
	ImagesPerSecond float64            `json:"images_per_second"`
}

// WriteFile replaces the file path by the report as JSON.
func (p *Report) WriteFile(path string) error { return writeJSON(path, p) }

// Write writes the figures as text.
func (p *Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-40s %8s %8s %8s %8s %8s\n", "top-1 (%) on the test set", "many", "medium", "few", "all", "average")
	all := []Figures{p.Figures}
	if p.Last != nil {
		all = append(all, *p.Last)
	}
	for _, f := range all {
		name := p.Method + ", " + f.Weights
		if f.Epoch != nil {
			name += fmt.Sprintf(" (%d)", *f.Epoch+1)
		}
		fmt.Fprintf(&b, "%-40s %8s %8s %8s %8s %8s\n", name, cell(f.Many), cell(f.Medium), cell(f.Few), cell(f.Top1), cell(f.Top1EMA))
	}
	fmt.Fprintf(&b, "%.1f images/s, %.1f s of training\n", p.ImagesPerSecond, p.Seconds)
	for _, d := range p.Manifest.NotBitForBit {
		fmt.Fprintf(&b, "not bit for bit from step %d: %s\n", d.Step, strings.Join(d.Changes, "; "))
	}
	for _, o := range p.PassedOver {
		fmt.Fprintf(&b, "passed over when the run was resumed: %s\n", o)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// balanced is the mean accuracy of the classes that have test images; nil if none is known.
func (f *Figures) balanced() *float64 {
	sum, n := 0.0, 0
	for _, accuracy := range f.PerClass {
		if accuracy != nil {
			sum += *accuracy
			n++
		}
	}
	if n == 0 {
		return nil
	}
	sum /= float64(n)
	return &sum
}

func cell(p *float64) string {
	if p == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", *p)
}
