package experiment

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat"
)

// Table has a row for each method.
type Table struct {
	Columns []string // fields of manifests that are shown besides the usual ones
	Rows    []Row
	// Pairs are what AddPairs adds, and NoInterval says of which runs it could not.
	Pairs      []Pair
	NoInterval []string
}

// Row is a method: means over its seeds.
type Row struct {
	Method       string    `json:"method"`
	Title        string    `json:"title"`
	Seeds        []uint64  `json:"seeds"`
	Many         *Estimate `json:"many"`
	Medium       *Estimate `json:"medium"`
	Few          *Estimate `json:"few"`
	All          *Estimate `json:"all"`
	Balanced     *Estimate `json:"balanced_accuracy"` // the mean over classes: All where each has as many test images
	Images       int64     `json:"images"`            // seen in training; of the first seed
	Augmentation []string  `json:"augmentation"`
	Seconds      float64   `json:"seconds"`    // mean
	Parameters   int       `json:"parameters"` // of backbone and heads
	Shown        []string  `json:"shown,omitempty"`
}

// Estimate is a mean over seeds and its deviation, of the sample, which one seed does not have.
type Estimate struct {
	Mean float64  `json:"mean"`
	SD   *float64 `json:"sd"`
}

// String is "n/a" for none, and else the mean with its deviation, if there is one.
func (e *Estimate) String() string {
	switch {
	case e == nil:
		return "n/a"
	case e.SD == nil:
		return fmt.Sprintf("%.2f", e.Mean)
	}
	return fmt.Sprintf("%.2f ± %.2f", e.Mean, *e.SD)
}

// NewTable makes the rows in the order of the runs, which must be Comparable: with whole, in their seeds too. What is listed
// in show may differ, and each field of it is a column.
func NewTable(runs []Report, show []string, whole bool) (t Table, err error) {
	if err := Comparable(runs, show, whole); err != nil {
		return t, err
	}
	for _, f := range show {
		if !slices.Contains(inTable, f) {
			t.Columns = append(t.Columns, f)
		}
	}
	var order []string
	of := map[string][]Report{}
	for _, r := range runs {
		if of[r.Method] == nil {
			order = append(order, r.Method)
		}
		of[r.Method] = append(of[r.Method], r)
	}
	for _, name := range order {
		t.Rows = append(t.Rows, newRow(of[name], t.Columns))
	}
	return t, nil
}

func newRow(runs []Report, columns []string) Row {
	r := Row{Method: runs[0].Method, Title: runs[0].Title, Images: runs[0].Manifest.Training.ImagesSeen, Augmentation: runs[0].Augmentation,
		Parameters: runs[0].Manifest.Network.Parameters}
	for _, run := range runs {
		r.Seeds = append(r.Seeds, run.Seed)
		r.Seconds += run.Seconds / float64(len(runs))
	}
	r.Many = over(runs, func(r Report) *float64 { return r.Many })
	r.Medium = over(runs, func(r Report) *float64 { return r.Medium })
	r.Few = over(runs, func(r Report) *float64 { return r.Few })
	r.All = over(runs, func(r Report) *float64 { return r.Top1 })
	r.Balanced = over(runs, func(r Report) *float64 { return r.balanced() })
	for _, f := range columns {
		var values []string
		for _, run := range runs {
			if v, _ := value(run.Manifest, f); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		r.Shown = append(r.Shown, strings.Join(values, " "))
	}
	return r
}

// over is the estimate of a figure; nil if a run does not have it.
func over(runs []Report, figure func(Report) *float64) *Estimate {
	var values []float64
	for _, r := range runs {
		v := figure(r)
		if v == nil {
			return nil
		}
		values = append(values, *v)
	}
	if len(values) == 1 {
		return &Estimate{Mean: values[0]}
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return &Estimate{mean, &sd}
}

// Write writes the table as text, in columns, and below it how the methods differ.
func (t Table) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	heads := []string{"top-1 (%)", "many", "medium", "few", "all"}
	if t.unbalanced() {
		heads = append(heads, "balanced")
	}
	heads = append(append(heads, "images seen", "seconds", "parameters"), t.Columns...)
	fmt.Fprintln(w, strings.Join(append(heads, "augmentation"), "\t"))
	for _, r := range t.Rows {
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%v\t", r.Title, r.Many, r.Medium, r.Few, r.All)
		if t.unbalanced() {
			fmt.Fprintf(w, "%v\t", r.Balanced)
		}
		fmt.Fprintf(w, "%d\t%.1f\t%d\t", r.Images, r.Seconds, r.Parameters)
		for _, v := range r.Shown {
			fmt.Fprintf(w, "%s\t", v)
		}
		fmt.Fprintln(w, strings.Join(r.Augmentation, " | "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return t.writePairs(out)
}

// unbalanced tells whether the mean over classes is another figure than that over images.
func (t Table) unbalanced() bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool {
		return r.All != nil && r.Balanced != nil && math.Abs(r.All.Mean-r.Balanced.Mean) > 1e-3
	})
}

// Below lists the methods whose mean accuracy is less than floor, in percent, with it.
func (t Table) Below(floor float64) (all []string) {
	for _, r := range t.Rows {
		if r.All.Mean < floor {
			all = append(all, fmt.Sprintf("%s %v", r.Method, r.All))
		}
	}
	return all
}
