package metrics

import (
	"cmp"
	"fmt"
	"math"
)

// Softmax returns the probabilities exp(x_c/T) / Σ exp(x_j/T) of logits, [rows, classes] row-major; a temperature of 0
// means 1. It is an error if there is no class, if the logits are no whole rows, if one is not finite, or if the
// temperature is not positive.
func Softmax(logits []float32, classes int, temperature float64) ([]float32, error) {
	if !(temperature >= 0) || math.IsInf(temperature, 1) {
		return nil, fmt.Errorf("metrics: softmax at temperature %g: it must be positive and finite, or 0 for 1", temperature)
	}
	temperature = cmp.Or(temperature, 1)
	if classes < 1 || len(logits)%classes != 0 {
		return nil, fmt.Errorf("metrics: %d logits in rows of %d classes: rows must be whole", len(logits), classes)
	}
	if len(logits) == 0 {
		return []float32{}, nil
	}
	probs := make([]float32, len(logits))
	row := make([]float64, classes)
	for from := 0; from < len(logits); from += classes {
		high := float32(math.Inf(-1))
		for c, x := range logits[from : from+classes] {
			if !finite(x) {
				return nil, fmt.Errorf("metrics: logit of row %d, class %d is %g: logits must be finite", from/classes, c, x)
			}
			high = max(high, x)
		}
		sum := 0.0
		for c := range row {
			row[c] = math.Exp((float64(logits[from+c]) - float64(high)) / temperature)
			sum += row[c]
		}
		for c, e := range row {
			probs[from+c] = float32(e / sum)
		}
	}
	return probs, nil
}

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

// checkProbabilities returns the number of classes of probs, [len(labels), classes] row-major.
func checkProbabilities(probs []float32, labels []int) (classes int, err error) {
	if len(labels) == 0 {
		if len(probs) > 0 {
			return 0, fmt.Errorf("metrics: %d probabilities without labels: give a label for each row", len(probs))
		}
		return 0, nil
	}
	classes = len(probs) / len(labels)
	if classes == 0 || len(probs)%len(labels) != 0 {
		return 0, fmt.Errorf("metrics: %d probabilities for %d labels: rows must be whole", len(probs), len(labels))
	}
	for i, y := range labels {
		if y < 0 || y >= classes {
			return 0, fmt.Errorf("metrics: label %d of row %d: classes go from 0 to %d", y, i, classes-1)
		}
		sum := 0.0
		for c, p := range probs[i*classes : (i+1)*classes] {
			if !(p >= 0 && p <= 1) {
				return 0, fmt.Errorf("metrics: probability of row %d, class %d is %g: it must be in [0, 1]; Softmax makes "+
					"probabilities of logits", i, c, p)
			}
			sum += float64(p)
		}
		if math.Abs(sum-1) > 1e-3 {
			return 0, fmt.Errorf("metrics: probabilities of row %d sum to %g: they must sum to 1; Softmax makes "+
				"probabilities of logits", i, sum)
		}
	}
	return classes, nil
}
