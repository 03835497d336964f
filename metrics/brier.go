package metrics

// Brier returns the mean over the images of Σ_c (p_c − [c is the label])² (Brier, 1950), from 0 to 2; NaN without images.
// probs is [len(labels), classes], row-major, each row summing to 1. Probabilities or labels that make no sense are errors.
func Brier(probs []float32, labels []int) (float64, error) {
	classes, err := checkProbabilities(probs, labels)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, y := range labels {
		for c, p := range probs[i*classes : (i+1)*classes] {
			d := float64(p)
			if c == y {
				d--
			}
			sum += d * d
		}
	}
	return sum / float64(len(labels)), nil
}
