package posthoc

import (
	"errors"
	"math"

	"github.com/longtail-ml/longtail/tensor"
)

// The temperatures that FitTemperature looks among.
const (
	lowest  = 1e-3
	highest = 1e3
)

// FitTemperature returns the T that makes softmax(x/T) of held-out logits [N, C] most likely (temperature scaling, arXiv
// 1706.04599); metrics.Softmax applies it, and predictions stay as they are. The likelihood has one maximum, which is found
// by bisection from 0.001, where logits end up that are always right, to 1000, where they do that are no better than
// chance. Logits that are alike for all classes give 1.
func FitTemperature(logits *tensor.Tensor, labels []int) (float64, error) {
	if err := checkMatrix("logits", logits); err != nil {
		return 0, err
	}
	if logits.Dim(0) == 0 {
		return 0, errors.New("posthoc: no logits: a temperature is fitted on held-out images")
	}
	if err := checkLabels(labels, logits.Dim(0), logits.Dim(1)); err != nil {
		return 0, err
	}
	if slope(logits, labels, 1) == 0 {
		return 1, nil
	}
	low, high := math.Log(1/highest), math.Log(1/lowest) // of the inverse temperature
	for range 60 {
		if middle := (low + high) / 2; slope(logits, labels, math.Exp(middle)) <= 0 { // 0 where all else has underflowed
			low = middle
		} else {
			high = middle
		}
	}
	return math.Exp(-(low + high) / 2), nil
}

// slope is the derivative of the negative log-likelihood by the inverse temperature: the sum over the rows of the mean
// logit under the softmax, less the label's. It grows with the inverse temperature.
func slope(logits *tensor.Tensor, labels []int, inverse float64) float64 {
	total, classes := 0.0, logits.Dim(1)
	for i, y := range labels {
		row := logits.Data()[i*classes : (i+1)*classes]
		high := float64(row[0])
		for _, x := range row {
			high = max(high, float64(x))
		}
		sum, mean := 0.0, 0.0
		for _, x := range row {
			d := float64(x) - high
			e := math.Exp(inverse * d)
			sum += e
			mean += e * d
		}
		total += mean/sum - (float64(row[y]) - high)
	}
	return total
}
