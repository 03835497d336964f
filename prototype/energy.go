package prototype

import (
	"math"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
)

// energyRows is how many rows of the matrix of similarities exist at a time.
const energyRows = 256

// energy computes mean_i log Σ_j e^{t_i·t_j/τ} − 1/τ of two unit rows or more, and its gradient.
type energy struct {
	n, dim      int
	temperature float64
	block       []float32 // [energyRows, n]: similarities, then their part in the gradient
	top         []float32 // [n]: 1/τ, the similarity of a row with itself and the largest there is
	share       []float32 // [n]: 1/Σ_j e^{(t_i·t_j−1)/τ} at the evaluation before
	next        []float32 // [n]: at this one
	rest        []float64 // [n]: that sum without the row itself, whose part is 1
	grad        []float32 // [n, dim], along the sphere
}

func newEnergy(x *tensor.Tensor, temperature float64) *energy {
	n, dim := x.Dim(0), x.Dim(1)
	e := &energy{n: n, dim: dim, temperature: temperature, block: make([]float32, min(energyRows, n)*n), top: make([]float32, n),
		share: make([]float32, n), next: make([]float32, n), rest: make([]float64, n), grad: make([]float32, n*dim)}
	kernels.Fill(e.top, float32(1/temperature))
	e.at(x.Data()) // for share
	return e
}

// at returns the energy of x [n, dim] and sets grad. An entry of the similarities is part of two rows' softmax. The own
// row's sum is of this evaluation, the other's of the one before: the sums hardly differ, and the similarities need not
// be kept or made twice.
func (e *energy) at(x []float32) float64 {
	n, dim := e.n, e.dim
	for from := 0; from < n; from += energyRows {
		rows := min(energyRows, n-from)
		kernels.Gemm(false, true, rows, n, dim, float32(1/e.temperature), x[from*dim:], dim, x, dim, 0, e.block, n)
		parallel.Range(rows, 8, func(lo, hi int) {
			for r := lo; r < hi; r++ {
				e.row(from+r, e.block[r*n:(r+1)*n])
			}
		})
		kernels.Gemm(false, false, rows, dim, n, float32(1/(float64(n)*e.temperature)), e.block, n, x, dim, 0, e.grad[from*dim:], dim)
	}
	e.share, e.next = e.next, e.share
	parallel.Range(n, 64, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			alongSphere(e.grad[r*dim:(r+1)*dim], x[r*dim:(r+1)*dim])
		}
	})
	total := 0.0
	for _, v := range e.rest {
		total += math.Log1p(v)
	}
	return total / float64(n)
}

// row turns the similarities s of row i into their part in the gradient.
func (e *energy) row(i int, s []float32) {
	s[i] = float32(math.Inf(-1)) // no push from itself
	most, sum := kernels.SumExp(s)
	e.rest[i] = sum * math.Exp(float64(most)-1/e.temperature)
	e.next[i] = float32(1 / (1 + e.rest[i]))
	kernels.PairExp(s, s, e.top, e.share, e.top[i], e.next[i])
}

// alongSphere takes from g what points along the unit vector x.
func alongSphere(g, x []float32) {
	d := 0.0
	for k, v := range x {
		d += float64(g[k]) * float64(v)
	}
	for k, v := range x {
		g[k] -= float32(d * float64(v))
	}
}
