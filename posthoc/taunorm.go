package posthoc

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// TauNormalize returns a head of the rows w_c/‖w_c‖^tau without bias (τ-normalisation, arXiv 1910.09217): training on a
// long tail makes the rows of frequent classes long. tau 0 leaves the rows as they are, 1 makes them unit vectors. A row
// of zeros stays. tau must be from 0 to 2.
func TauNormalize(head *nn.Linear, tau float64) (*nn.Linear, error) {
	if !(tau >= 0 && tau <= 2) {
		return nil, fmt.Errorf("posthoc: τ-normalisation with tau %g: it must be at least 0 and at most 2", tau)
	}
	if err := checkHead(head); err != nil {
		return nil, err
	}
	w := head.Weight.Value.Clone()
	for c := range w.Dim(0) {
		row := w.Rows(c, c+1).Data()
		norm := norm(row)
		if norm == 0 {
			continue
		}
		scale := math.Pow(norm, -tau)
		for i, v := range row {
			row[i] = float32(float64(v) * scale)
		}
	}
	if err := checkMatrix(fmt.Sprintf("weights normalised by tau %g", tau), w); err != nil {
		return nil, err
	}
	return &nn.Linear{Weight: autograd.NewParam(w)}, nil
}

func norm(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
