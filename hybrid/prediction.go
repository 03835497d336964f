package hybrid

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/tensor"
)

// Prediction is what a Predictor says of one image.
type Prediction struct {
	Class         int
	Probability   float64   // of Class
	Probabilities []float64 // of all classes, summing to 1
}

// predictions turns rows of logits, so many of each sample, into predictions.
func predictions(logits *tensor.Tensor, views, classes int) []Prediction {
	all := make([]Prediction, logits.Dim(0)/views)
	for i := range all {
		all[i] = predict(logits.Rows(i*views, (i+1)*views).Data(), classes)
	}
	return all
}

// predict turns the logits of an image's views, one row after the other, into a prediction: by the mean of their probabilities.
func predict(logits []float32, classes int) Prediction {
	p := Prediction{Class: argmax(logits[:classes]), Probabilities: make([]float64, classes)}
	views := len(logits) / classes
	row := make([]float64, classes)
	for v := range views {
		most, sum := float64(slices.Max(logits[v*classes:(v+1)*classes])), 0.0
		for i, x := range logits[v*classes : (v+1)*classes] {
			row[i] = math.Exp(float64(x) - most)
			sum += row[i]
		}
		for i, x := range row {
			p.Probabilities[i] += x / sum / float64(views)
		}
	}
	if views > 1 {
		p.Class = slices.Index(p.Probabilities, slices.Max(p.Probabilities))
	}
	p.Probability = p.Probabilities[p.Class]
	return p
}

// argmax returns the index of the largest value, the first of equals.
func argmax(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
