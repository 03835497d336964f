package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat"
)

// table has a row for each method.
type table struct {
	columns []string // fields that are shown besides the usual ones
	rows    []row
}

type row struct {
	Method       string    `json:"method"`
	Title        string    `json:"title"`
	Seeds        []uint64  `json:"seeds"`
	Many         *estimate `json:"many"`
	Medium       *estimate `json:"medium"`
	Few          *estimate `json:"few"`
	All          *estimate `json:"all"`
	Images       int64     `json:"images"` // seen in training; of the first seed
	Augmentation []string  `json:"augmentation"`
	Seconds      float64   `json:"seconds"`    // mean
	Parameters   int       `json:"parameters"` // of backbone and heads
	Shown        []string  `json:"shown,omitempty"`
}

// estimate is a mean over seeds and its deviation, of the sample, which one seed does not have.
type estimate struct {
	Mean float64  `json:"mean"`
	SD   *float64 `json:"sd"`
}

func (e *estimate) String() string {
	switch {
	case e == nil:
		return "n/a"
	case e.SD == nil:
		return fmt.Sprintf("%.2f", e.Mean)
	}
	return fmt.Sprintf("%.2f ± %.2f", e.Mean, *e.SD)
}

// newTable makes the rows in the order of the runs. With whole, all methods must have the same seeds.
func newTable(runs []result, show []string, whole bool) (t table, err error) {
	if err := comparable(runs, show, whole); err != nil {
		return t, err
	}
	for _, f := range show {
		if !slices.Contains(inTable, f) {
			t.columns = append(t.columns, f)
		}
	}
	var order []string
	of := map[string][]result{}
	for _, r := range runs {
		if of[r.Method] == nil {
			order = append(order, r.Method)
		}
		of[r.Method] = append(of[r.Method], r)
	}
	for _, name := range order {
		t.rows = append(t.rows, newRow(of[name], t.columns))
	}
	return t, nil
}

func newRow(runs []result, columns []string) row {
	r := row{Method: runs[0].Method, Title: runs[0].Title, Images: runs[0].Manifest.Training.ImagesSeen, Augmentation: runs[0].Augmentation,
		Parameters: runs[0].Manifest.Network.Parameters}
	for _, run := range runs {
		r.Seeds = append(r.Seeds, run.Seed)
		r.Seconds += run.Seconds / float64(len(runs))
	}
	r.Many = over(runs, func(r result) *float64 { return r.Many })
	r.Medium = over(runs, func(r result) *float64 { return r.Medium })
	r.Few = over(runs, func(r result) *float64 { return r.Few })
	r.All = over(runs, func(r result) *float64 { return r.Top1 })
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
func over(runs []result, figure func(result) *float64) *estimate {
	var values []float64
	for _, r := range runs {
		v := figure(r)
		if v == nil {
			return nil
		}
		values = append(values, *v)
	}
	if len(values) == 1 {
		return &estimate{Mean: values[0]}
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return &estimate{mean, &sd}
}

func (t table) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	heads := append([]string{"top-1 (%)", "many", "medium", "few", "all", "images seen", "seconds", "parameters"}, t.columns...)
	fmt.Fprintln(w, strings.Join(append(heads, "augmentation"), "\t"))
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%v\t%d\t%.1f\t%d\t", r.Title, r.Many, r.Medium, r.Few, r.All, r.Images, r.Seconds, r.Parameters)
		for _, v := range r.Shown {
			fmt.Fprintf(w, "%s\t", v)
		}
		fmt.Fprintln(w, strings.Join(r.Augmentation, " | "))
	}
	_ = w.Flush() // as with the rest of what is printed
}

// below reports methods whose mean accuracy is less than floor.
func (t table) below(floor float64) error {
	var bad []string
	for _, r := range t.rows {
		if r.All.Mean < floor {
			bad = append(bad, fmt.Sprintf("%s %v", r.Method, r.All))
		}
	}
	if bad != nil {
		return fmt.Errorf("below -floor %g%%: %s", floor, strings.Join(bad, ", "))
	}
	return nil
}
