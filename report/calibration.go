package report

import (
	"context"
	"math"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// Calibration is how far confidence is from accuracy, before and after a temperature divides the logits (arXiv 1706.04599).
type Calibration struct {
	Before, After []metrics.Bin
	// Temperatures are those fitted. One: on held-out images. Two: on the test images of even and of odd index, each for the others,
	// so that no image is judged by a temperature that it was fitted on. None: there is one test image, and none is held out.
	Temperatures []float64
}

// calibrate fits the temperatures.
func (l *look) calibrate(ctx context.Context, c *Calibration) error {
	if l.sets.Held != nil && l.sets.Held.Len() > 0 {
		features, labels, err := l.evaluator.Features(ctx, l.network, l.sets.Held)
		if err != nil {
			return err
		}
		return l.fit(c, features, labels, 0, 1)
	}
	if len(l.labels) < 2 {
		return nil
	}
	if err := l.fit(c, l.test, l.labels, 0, 2); err != nil {
		return err
	}
	return l.fit(c, l.test, l.labels, 1, 2)
}

// fit adds the temperature of every step-th row from first on, or of as many of these, evenly spaced, as there is room for.
func (l *look) fit(c *Calibration, features *tensor.Tensor, labels []int, first, step int) error {
	classes := l.network.Classes()
	if room := l.part(classes); len(labels)/step > room {
		step *= (len(labels)/step + room - 1) / room
	}
	var rows []float32
	var of []int
	err := l.logits(features, func(from int, logits *tensor.Tensor) error {
		for i := range logits.Dim(0) {
			if at := from + i; at%step == first {
				rows, of = append(rows, logits.Rows(i, i+1).Data()...), append(of, labels[at])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fitOn, err := tensor.FromSlice(rows, len(of), classes)
	if err != nil {
		return err
	}
	t, err := posthoc.FitTemperature(fitOn, of)
	c.Temperatures = append(c.Temperatures, t)
	return err
}

// add counts the predictions for images of which from is the first's index.
func (c *Calibration) add(from int, logits *tensor.Tensor, labels []int) error {
	rows, classes := logits.Dim(0), logits.Dim(1)
	for after, to := range []*[]metrics.Bin{&c.Before, &c.After} {
		probs := make([]float32, 0, rows*classes)
		for i := range rows {
			temperature := 1.0
			if n := len(c.Temperatures); after == 1 && n > 0 {
				temperature = c.Temperatures[(from+i+1)%n] // of the other half, or the only one
			}
			row, err := metrics.Softmax(logits.Rows(i, i+1).Data(), classes, temperature)
			if err != nil {
				return err
			}
			probs = append(probs, row...)
		}
		bins, err := metrics.Reliability(probs, labels, 0)
		if err != nil {
			return err
		}
		*to = merge(*to, bins)
	}
	return nil
}

// merge adds up the bins of other predictions.
func merge(a, b []metrics.Bin) []metrics.Bin {
	if a == nil {
		return b
	}
	for i := range a {
		n := float64(a[i].Images + b[i].Images)
		mean := func(x, y metrics.Rate) metrics.Rate {
			sum := 0.0
			if a[i].Images > 0 {
				sum += float64(x) * float64(a[i].Images)
			}
			if b[i].Images > 0 {
				sum += float64(y) * float64(b[i].Images)
			}
			return metrics.Rate(math.Min(sum/n, 1))
		}
		a[i].Confidence, a[i].Accuracy = mean(a[i].Confidence, b[i].Confidence), mean(a[i].Accuracy, b[i].Accuracy)
		a[i].Images += b[i].Images
	}
	return a
}
