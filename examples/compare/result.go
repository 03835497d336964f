package main

import (
	"math"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
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

	from string // the file of -with; "" if it is not from one
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
