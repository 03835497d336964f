package experiment

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// SweepResult is a sweep as JSON, and sweep.json in its folder. Accuracies are in percent, of held-out images.
type SweepResult struct {
	Settings any               `json:"settings,omitempty"`
	Method   string            `json:"method"`
	Unit     string            `json:"unit"`
	Axes     []Axis            `json:"axes"`
	Seeds    []uint64          `json:"seeds"`
	HeldOut  int               `json:"heldout_images"` // that trials are judged by, of the first seed
	Rungs    []Rung            `json:"rungs"`
	Epochs   int               `json:"epochs"` // trained so far, all together
	Grid     int               `json:"grid"`   // combinations that there are
	Trials   []*Trial          `json:"trials"` // the best first
	Chosen   []Setting         `json:"chosen"` // null before the end
	Failures map[string]string `json:"failures,omitempty"`
	Error    string            `json:"error,omitempty"` // what stopped it before its end
}

// Result is what the sweep has come to. stopped is what ended it early.
func (p *SweepPlan) Result(stopped error) SweepResult {
	r := SweepResult{Settings: p.Caller, Method: p.Method.Name, Unit: "percent", Axes: p.Axes, Seeds: p.Seeds, HeldOut: p.held, Rungs: p.Rungs,
		Epochs: p.spent, Grid: p.Grid, Trials: slices.Clone(p.Trials), Failures: p.failures}
	for _, t := range r.Trials {
		t.score()
	}
	slices.SortStableFunc(r.Trials, better)
	if p.chosen != nil {
		r.Chosen = p.chosen.Set
	}
	if stopped != nil {
		r.Error = stopped.Error()
	}
	return r
}

// Write writes the trials as text, the best first.
func (r SweepResult) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range r.Axes {
		fmt.Fprintf(w, "%s\t", a.Name)
	}
	fmt.Fprintln(w, "epochs\tbalanced (%)\ttop-1 (%)\tless the chosen\t\tseconds")
	for _, t := range r.Trials {
		for _, s := range t.Set {
			fmt.Fprintf(w, "%s\t", s.Value)
		}
		behind, note := "", ""
		switch {
		case t.Failed != "":
			note = "failed"
		case t.Chosen:
			note = "chosen"
		case t.Behind != nil:
			behind = fmt.Sprintf("%+.2f (%+.2f to %+.2f)", t.Behind.Mean, t.Behind.Low, t.Behind.High)
			if t.Behind.WithinNoise {
				note = "within noise"
			}
		}
		fmt.Fprintf(w, "%d\t%v\t%v\t%s\t%s\t%.1f\n", t.Epochs, t.Balanced, t.Top1, behind, note, t.Seconds)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var seeds []string
	for _, s := range r.Seeds {
		seeds = append(seeds, fmt.Sprint(s))
	}
	_, err := fmt.Fprintf(out, "on %d held-out images, seed %s; %d epochs of training in all; the test set was not looked at\n", r.HeldOut, strings.Join(seeds, ", "), r.Epochs)
	if err == nil && r.Chosen != nil {
		var all []string
		for _, s := range r.Chosen {
			all = append(all, s.String())
		}
		_, err = fmt.Fprintln(out, "chosen:", strings.Join(all, ","))
	}
	return err
}
