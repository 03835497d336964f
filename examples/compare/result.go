package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/record"
)

// result is one run. Accuracies are in percent; null means not available.
type result struct {
	Method       string            `json:"method"`
	Title        string            `json:"title"`
	Seed         uint64            `json:"seed"`
	Many         *float64          `json:"many"`
	Medium       *float64          `json:"medium"`
	Few          *float64          `json:"few"`
	Top1         *float64          `json:"top1"`
	PerClass     []*float64        `json:"per_class"`
	Augmentation []string          `json:"augmentation"` // the views that differ
	Seconds      float64           `json:"seconds"`      // of training and the second stage
	Manifest     manifest.Manifest `json:"manifest"`
}

func (r *result) measure(m metrics.Report) {
	r.Top1, r.Many, r.Medium, r.Few = percent(m.Top1), percent(m.Many), percent(m.Medium), percent(m.Few)
	for _, c := range m.PerClass {
		r.PerClass = append(r.PerClass, percent(c))
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

// file is the JSON.
type file struct {
	Settings *settings `json:"settings,omitempty"` // of the runs that were not joined by -with; nil if all were
	Unit     string    `json:"unit"`
	Error    string    `json:"error,omitempty"` // what stopped the comparison before its end
	Table    []row     `json:"table"`
	Runs     []result  `json:"runs"`
}

// earlier returns the runs of files, listed with commas; none for "".
func earlier(list string) (all []result, err error) {
	if list == "" {
		return nil, nil
	}
	for _, path := range strings.Split(list, ",") {
		runs, err := runsOf(path)
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return all, nil
}

func runsOf(path string) ([]result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-with: %w", err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("-with %s: %w", path, err)
	}
	if len(f.Runs) == 0 {
		return nil, fmt.Errorf("-with %s: has no runs: it must be what -json wrote", path)
	}
	for i, r := range f.Runs {
		if r.Manifest.Version != manifest.Version || r.Method == "" || r.Top1 == nil {
			return nil, fmt.Errorf("-with %s: runs[%d] lacks its method, its accuracy or a manifest of version %d: it must be what -json wrote",
				path, i, manifest.Version)
		}
	}
	return f.Runs, nil
}

// write replaces the file of -json, if there is one to be, by this comparison, or leaves it.
func write(s settings, runs []result, stopped error) error {
	if s.JSON == "" {
		return nil
	}
	t, err := newTable(runs, s.Show, stopped == nil)
	if err != nil {
		return err
	}
	if s.Data != "" {
		s.Data = filepath.Base(s.Data)
	}
	f := file{Unit: "percent", Table: t.rows, Runs: runs}
	if len(s.Methods) > 0 {
		f.Settings = &s
	}
	if stopped != nil {
		f.Error = stopped.Error()
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return record.Replace(s.JSON, append(text, '\n'))
}
