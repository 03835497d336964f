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
	bfgsPairs = 8    // steps that the next direction follows from
	mostMove  = 0.15 // how far the row that is pushed hardest moves in a step
	rounding  = 1e-6 // below which that is no move
)

// change is what a step changed: places, gradients, and 1 over their inner product.
type change struct {
	place, grad []float32
	scale       float64
}

// descend moves the rows of x down the energy by L-BFGS. A step that leads up is cut to a third until it leads down. Where it comes to
// nothing, what the last steps changed is forgotten, and the descent ends where the plain gradient leads nowhere either.
func (s Sphere) descend(ctx context.Context, x *tensor.Tensor) error {
	e := newEnergy(x, s.Temperature)
	now := e.at(x.Data())
	place, grad, direction := slices.Clone(x.Data()), slices.Clone(e.grad), make([]float32, len(e.grad))
	step := 0
	for fell := true; fell; {
		fell = false
		copy(direction, grad)
		var changes []change
		hardest := longestRow(direction, e.dim)
		length := mostMove / hardest
		for step < s.Steps && length*hardest > rounding {
			if err := cause.Err(ctx); err != nil {
				return err
			}
			move(x.Data(), place, direction, length, e.dim)
			then := e.at(x.Data())
			if step++; s.Progress != nil {
				s.Progress(step, s.Steps)
			}
			if then < now {
				now, fell = then, true
				changes = remember(changes, place, x.Data(), grad, e.grad)
				copy(place, x.Data())
				copy(grad, e.grad)
				if !along(direction, grad, changes) {
					break
				}
				hardest = longestRow(direction, e.dim)
				length = min(1, mostMove/hardest)
			} else {
				length /= 3
			}
		}
	}
	copy(x.Data(), place)
	return nil
}

// along sets direction to the gradient, bent by what the last steps changed, and reports whether that leads down.
func along(direction, grad []float32, changes []change) bool {
	if len(changes) == 0 {
		return false
	}
	copy(direction, grad)
	alpha := make([]float64, len(changes))
	for i, c := range slices.Backward(changes) {
		alpha[i] = c.scale * float64(kernels.Dot(c.place, direction))
		kernels.AddScaled(direction, float32(-alpha[i]), c.grad)
	}
	last := changes[len(changes)-1]
	kernels.Scale(direction, float32(1/(last.scale*float64(kernels.Dot(last.grad, last.grad)))))
	for i, c := range changes {
		beta := c.scale * float64(kernels.Dot(c.grad, direction))
		kernels.AddScaled(direction, float32(alpha[i]-beta), c.place)
	}
	return kernels.Dot(direction, grad) > 0
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
