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

// weigh writes, for anchor i with x over all blocks side by side, each column's weight t as a positive and the shift of
// its share of the denominator, a logarithm: −Inf leaves it out. Both come as zeros. It is called twice an anchor, by
// several goroutines, and must write the same each time.
type weigh func(i int, x, t, shift []float32)

// contrastColumns returns the mean over the anchors of
//
//	Σ_j t_j ( log Σ_k e^{x_k + shift_k} − x_j )
//
// and their number: rows whose t sums to 0 are left out. t takes no gradient. Memory is what the blocks hold, [A, ΣK].
func contrastColumns(op string, blocks []columns, w weigh) (*autograd.Var, int) {
	n, width := blocks[0].v.Dim(0), 0
	in := make([]*autograd.Var, len(blocks))
	for b, c := range blocks {
		in[b] = c.v
		width += c.v.Dim(1)
	}
	weights, losses := make([]float64, n), make([]float64, n)
	eachAnchor(blocks, n, width, w, func(i int, x, t, shift []float32) {
		dot, total := 0.0, 0.0
		for j, v := range t {
			if v != 0 {
				total += float64(v)
				dot += float64(v) * float64(x[j])
			}
			x[j] += shift[j]
		}
		if weights[i] = total; total != 0 {
			top, sum := kernels.SumExp(x)
			losses[i] = total*(float64(top)+math.Log(sum)) - dot
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
		eachAnchor(blocks, n, width, w, func(i int, x, t, shift []float32) {
			if weights[i] == 0 {
				return
			}
			for j := range x {
				x[j] += shift[j]
			}
			kernels.SoftmaxRows(x, x, 1, width)
			at := 0
			for b, c := range blocks {
				k := c.v.Dim(1)
				if gx[b] != nil {
					dx := gx[b].Data()[i*k : (i+1)*k]
					for j := range dx {
						dx[j] += float32(g / c.temperature * (weights[i]*float64(x[at+j]) - float64(t[at+j])))
					}
				}
				at += k
			}
		})
	}), anchors
}

// eachAnchor calls do with each anchor's row, whose memory it may overwrite.
func eachAnchor(blocks []columns, n, width int, w weigh, do func(i int, x, t, shift []float32)) {
	parallel.Range(n, 16, func(lo, hi int) {
		memory := make([]float32, 3*width)
		x, t, shift := memory[:width], memory[width:2*width], memory[2*width:]
		for i := lo; i < hi; i++ {
			at := 0
			for _, c := range blocks {
				k := c.v.Dim(1)
				for j, v := range c.v.Data()[i*k : (i+1)*k] {
					s := float64(v) / c.temperature
					if c.bias != nil {
						s += c.bias[j]
					}
					x[at+j] = float32(s)
				}
				at += k
			}
			clear(t)
			clear(shift)
			w(i, x, t, shift)
			do(i, x, t, shift)
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
