package prototype

import (
	"context"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
)

const (
	bfgsPairs = 8   // steps that the next direction follows from
	firstMove = 0.1 // how far the row that is pushed hardest moves along the plain gradient
	mostMove  = 0.2 // and along any direction
)

// change is what a step changed: places, gradients, and 1 over their inner product.
type change struct {
	place, grad []float32
	scale       float64
}

// descend moves the rows of x down the energy by L-BFGS. No step leads up: it is cut to a third until the energy falls.
func (s Sphere) descend(ctx context.Context, x *tensor.Tensor) error {
	e := newEnergy(x, s.Temperature)
	now := e.at(x.Data())
	place, grad := slices.Clone(x.Data()), slices.Clone(e.grad)
	direction := make([]float32, len(grad))
	var changes []change
	for step := 0; step < s.Steps; {
		follow := along(direction, grad, changes)
		if !follow {
			changes = nil
		}
		hardest := longestRow(direction, e.dim)
		if !(hardest > 0) || math.IsInf(hardest, 1) {
			break
		}
		length := min(1, mostMove/hardest)
		if len(changes) == 0 {
			length = firstMove / hardest
		}
		fell := false
		for cut := 0; cut < 6 && step < s.Steps && !fell; cut++ {
			if err := cause.Err(ctx); err != nil {
				return err
			}
			move(x.Data(), place, direction, length, e.dim)
			then := e.at(x.Data())
			if fell = then <= now; fell {
				now = then
			}
			length /= 3
			if step++; s.Progress != nil {
				s.Progress(step, s.Steps)
			}
		}
		if !fell {
			copy(x.Data(), place)
			if len(changes) == 0 { // not even down the gradient: rounding's limit
				break
			}
			changes = nil
			continue
		}
		changes = remember(changes, place, x.Data(), grad, e.grad)
		copy(place, x.Data())
		copy(grad, e.grad)
	}
	return nil
}

// along sets direction to the gradient, bent by what the last steps changed, and reports whether it was. A direction that
// the energy does not rise along is left for the plain gradient.
func along(direction, grad []float32, changes []change) bool {
	copy(direction, grad)
	alpha := make([]float64, len(changes))
	for i, c := range slices.Backward(changes) {
		alpha[i] = c.scale * float64(kernels.Dot(c.place, direction))
		kernels.AddScaled(direction, float32(-alpha[i]), c.grad)
	}
	if k := len(changes); k > 0 {
		last := changes[k-1]
		kernels.Scale(direction, float32(1/(last.scale*float64(kernels.Dot(last.grad, last.grad)))))
	}
	for i, c := range changes {
		beta := c.scale * float64(kernels.Dot(c.grad, direction))
		kernels.AddScaled(direction, float32(alpha[i]-beta), c.place)
	}
	if kernels.Dot(direction, grad) > 0 {
		return true
	}
	copy(direction, grad)
	return false
}

// remember appends a step from one place to another, and drops the oldest of too many. The memory of what it drops is used
// again.
func remember(changes []change, from, to, gradFrom, gradTo []float32) []change {
	c := change{}
	if len(changes) == bfgsPairs {
		c, changes = changes[0], append(changes[:0], changes[1:]...)
	} else {
		c.place, c.grad = make([]float32, len(to)), make([]float32, len(to))
	}
	for k := range to {
		c.place[k], c.grad[k] = to[k]-from[k], gradTo[k]-gradFrom[k]
	}
	if along := float64(kernels.Dot(c.place, c.grad)); along > 0 {
		c.scale = 1 / along
		return append(changes, c)
	}
	return changes
}

// move sets the rows of x to place − length·direction, back on the sphere.
func move(x, place, direction []float32, length float64, dim int) {
	parallel.Range(len(x)/dim, 64, func(lo, hi int) {
		wide := make([]float64, dim)
		for r := lo; r < hi; r++ {
			for k := range wide {
				wide[k] = float64(place[r*dim+k]) - length*float64(direction[r*dim+k])
			}
			setUnit(x[r*dim:(r+1)*dim], wide)
		}
	})
}

// longestRow returns the largest norm of a row.
func longestRow(x []float32, dim int) float64 {
	most := 0.0
	for r := 0; r < len(x); r += dim {
		most = max(most, kernels.SumSquares(x[r:r+dim]))
	}
	return math.Sqrt(most)
}
