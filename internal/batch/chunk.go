package batch

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Pass returns f of images [G·samples, H, W, C], groups of rows that have one of each sample. With chunk above 0 they pass
// f by so many samples at a time, those of all groups together, and Backward takes the gradients of all results to each
// chunk anew: gradient caching (arXiv 2101.06983). f is then called twice for each, and only one is in memory at once. chunk
// divides samples.
func Pass(t *autograd.Tape, images *tensor.Tensor, samples, chunk int, f func(*autograd.Var) *autograd.Var) *autograd.Var {
	if chunk == 0 || chunk >= samples {
		return f(t.Const(images))
	}
	rows := images.Dim(0)
	groups, whole := rows/samples, t.Const(images)
	parts, order := make([]*autograd.Var, 0, samples/chunk), make([]int, rows)
	for from := 0; from < samples; from += chunk {
		parts = append(parts, autograd.Recompute(whole, func(x *autograd.Var) *autograd.Var {
			some := x.Tape().Scratch(append([]int{groups * chunk}, x.Shape()[1:]...)...)
			for g := range groups {
				copy(some.Rows(g*chunk, (g+1)*chunk).Data(), x.Value().Rows(g*samples+from, g*samples+from+chunk).Data())
			}
			return f(x.Tape().Const(some))
		}))
		for g := range groups {
			for i := range chunk {
				order[g*samples+from+i] = from*groups + g*chunk + i
			}
		}
	}
	return autograd.Gather(autograd.Concat(parts...), order)
}
