package optim

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// GradNorm returns the Euclidean norm of all gradients of params together, accumulated in float64 in a fixed order.
// Frozen parameters and those without a gradient count as 0.
func GradNorm(params []nn.Entry) float64 {
	sum := 0.0
	for _, e := range params {
		sum += kernels.SumSquares(gradient("optim.GradNorm", e))
	}
	return math.Sqrt(sum)
}

// ClipNorm scales all gradients of params by max/(norm + 1e-6) if that is below 1, as torch.nn.utils.clip_grad_norm_
// does, and returns the norm before. If the norm is not finite, it leaves the gradients as they are, so that what went
// wrong can still be found in them. It panics with *tensor.Error if max is negative or NaN.
func ClipNorm(params []nn.Entry, max float64) (norm float64) {
	if !(max >= 0) {
		panic(&tensor.Error{Op: "optim.ClipNorm", Detail: fmt.Sprintf("the largest norm is %v: it must be at least 0", max)})
	}
	norm = GradNorm(params)
	factor := max / (norm + 1e-6)
	if !(factor < 1) || math.IsInf(norm, 1) {
		return norm
	}
	for _, e := range params {
		g := gradient("optim.ClipNorm", e)
		for i := range g {
			g[i] *= float32(factor)
		}
	}
	return norm
}
