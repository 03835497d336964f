package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
)

// columns are candidates that contrastive losses compare anchors with: the anchors' similarities v [A, K] to them,
// taken as x = v/temperature + bias.
type columns struct {
	v           *autograd.Var
	temperature float64
	bias        []float64 // of each column; nil: 0
}

// row is what an anchor is contrasted with.
type row struct {
	// x has the logits of all blocks side by side. weigh may add to them for the denominator alone: log 1/m counts a column
	// m times less, −Inf leaves it out.
	x         []float32
	positives []positive
}

// positive is a column that the anchor is drawn to.
type positive struct {
	column    int
	weight, x float32 // x is the logit before anything is added to it
}

// add makes column j a positive. It comes before anything is added to x[j].
func (r *row) add(j int, weight float32) {
	r.positives = append(r.positives, positive{j, weight, r.x[j]})
}

// divide divides the weights of the positives.
func (r *row) divide(by float32) {
	for k := range r.positives {
		r.positives[k].weight /= by
	}
}

// total is the sum of the weights of the positives.
func (r *row) total() (sum float64) {
	for _, p := range r.positives {
		sum += float64(p.weight)
	}
	return sum
}

// weigh chooses the positives of anchor i and its denominator. It is called twice an anchor, by several goroutines, and
// must do the same each time.
type weigh func(i int, r *row)

// contrastColumns returns the mean over the anchors of
//
//	Σ_p t_p ( log Σ_k e^{x_k} − x_p )
//
// over the positives p of weight t_p, and the number of anchors: rows whose weights sum to 0 are left out. Weights take no
// gradient. Memory is what the blocks hold, [A, ΣK].
func contrastColumns(op string, blocks []columns, w weigh) (*autograd.Var, int) {
	n, width := blocks[0].v.Dim(0), 0
	in := make([]*autograd.Var, len(blocks))
	for b, c := range blocks {
		in[b] = c.v
		width += c.v.Dim(1)
	}
	weights, losses := make([]float64, n), make([]float64, n)
	memory := in[0].Tape().Scratch((n+anchorsAtOnce-1)/anchorsAtOnce, width)
	eachAnchor(blocks, memory, n, w, func(i int, r *row) {
		if weights[i] = r.total(); weights[i] == 0 {
			return
		}
		top, sum := kernels.SumExp(r.x)
		losses[i] = weights[i] * (float64(top) + math.Log(sum))
		for _, p := range r.positives {
			losses[i] -= float64(p.weight) * float64(p.x)
		}
	})
	anchors, sum := 0, 0.0
	for i, t := range weights {
		if t != 0 {
			anchors++
			sum += losses[i]
		}
	}
	y := in[0].Tape().Scratch()
	y.Data()[0] = float32(sum / float64(max(anchors, 1)))
	return autograd.Op(op, y, in, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float64(gy.Item()) / float64(max(anchors, 1))
		eachAnchor(blocks, memory, n, w, func(i int, r *row) {
			if weights[i] == 0 {
				return
			}
			kernels.SoftmaxRows(r.x, r.x, 1, width)
			from := 0
			for b, c := range blocks {
				k := c.v.Dim(1)
				if gx[b] != nil {
					c.gradient(gx[b].Data()[i*k:(i+1)*k], r, from, weights[i], g)
				}
				from += k
			}
		})
	}), anchors
}

// gradient adds g/temperature times total·x − t to dx, where x is the softmax and the block begins at the given column.
func (c columns) gradient(dx []float32, r *row, from int, total, g float64) {
	scale := g / c.temperature
	kernels.AddScaled(dx, float32(scale*total), r.x[from:from+len(dx)])
	for _, p := range r.positives {
		if j := p.column - from; j >= 0 && j < len(dx) {
			dx[j] -= float32(scale * float64(p.weight))
		}
	}
}

// anchorsAtOnce share the memory of a row.
const anchorsAtOnce = 16

// eachAnchor calls do with each of n anchors' rows, which it may overwrite. memory has a row for anchorsAtOnce.
func eachAnchor(blocks []columns, memory *tensor.Tensor, n int, w weigh, do func(i int, r *row)) {
	parallel.Range(n, anchorsAtOnce, func(lo, hi int) {
		at := lo / anchorsAtOnce
		r := row{x: memory.Rows(at, at+1).Data()}
		for i := lo; i < hi; i++ {
			from := 0
			for _, c := range blocks {
				k := c.v.Dim(1)
				x := r.x[from : from+k]
				copy(x, c.v.Data()[i*k:(i+1)*k])
				kernels.Scale(x, float32(1/c.temperature))
				for j, b := range c.bias {
					x[j] += float32(b)
				}
				from += k
			}
			r.positives = r.positives[:0]
			w(i, &r)
			do(i, &r)
		}
	})
}

var minusInf = float32(math.Inf(-1))

// similarities returns z·rowsᵀ of embeddings and what they are contrasted with, named in the error if widths differ.
func similarities(op, what string, z, rows *autograd.Var) *autograd.Var {
	if z.Dim(1) != rows.Dim(1) {
		panic(&tensor.Error{Op: op, Path: autograd.Path(rows), Shapes: []tensor.Shape{z.Shape(), rows.Shape()},
			Detail: "embeddings and " + what + " differ in width"})
	}
	return autograd.MatMulT(z, rows)
}
