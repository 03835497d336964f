package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// hardLabel is the loss ℓ(x, y) of one row of logits and one label. It adds share·∂ℓ/∂x to dx.
type hardLabel func(x []float32, y int, share float64, dx []float64) float64

// meanOverLabels reduces the losses of the rows. A row that Input.Mix blends counts as its first label's loss times
// the weight and its second label's times the rest. weights of the classes may be nil. The logits are checked by the
// caller.
func meanOverLabels(op string, in Input, weights []float64, reduction Reduction, one hardLabel) (*autograd.Var, Stats) {
	x := in.Logits
	rows, classes := x.Dim(0), x.Dim(1)
	grad := x.Tape().Scratch(rows, classes)
	dx := make([]float64, classes)
	sum, total := 0.0, 0.0
	for r := range rows {
		clear(dx)
		row := x.Data()[r*classes : (r+1)*classes]
		add := func(y int, share float64) {
			if weights != nil {
				share *= weights[y]
			}
			total += share
			if share != 0 { // 0·Inf is 0
				sum += share * one(row, y, share, dx)
			}
		}
		first := 1.0
		if in.Mix != nil {
			first = float64(in.Mix.Weight[r])
			add(in.Mix.Labels[r], 1-first)
		}
		add(in.Labels[r], first)
		for j, d := range dx {
			grad.Data()[r*classes+j] = float32(d)
		}
	}
	divisor := reduction.divisor(rows, total)
	y := x.Tape().Scratch()
	y.Data()[0] = float32(sum / divisor)
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float32(float64(gy.Item()) / divisor)
		for i, d := range grad.Data() {
			gx[0].Data()[i] += g * d
		}
	}), Stats{Anchors: rows}
}

// divisor of the sum over the rows, whose weights sum to weight.
func (r Reduction) divisor(rows int, weight float64) float64 {
	d := 1.0
	switch r {
	case WeightedMean:
		d = weight
	case Mean:
		d = float64(rows)
	}
	if d == 0 { // no rows, or none with a weight: a loss of 0
		return 1
	}
	return d
}

// logSoftmax replaces x by x − log Σ e^x. An entry of −Inf takes no part.
func logSoftmax(x []float64) {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	top += math.Log(sum)
	for j := range x {
		x[j] -= top
	}
}
