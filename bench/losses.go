package main

import (
	"math"
	"math/rand/v2"
	"runtime/debug"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
)

// mostHeld is how many bytes of similarities, with their gradient, SC is let hold.
const mostHeld = 4 << 30

// point is the memory of a loss, forward and backward, above that of embeddings and prototypes and their gradients.
type point struct {
	Loss    string  `json:"loss"`
	Batch   int     `json:"batch"`   // images, of two views each
	Classes int     `json:"classes"` // that the labels are of
	MB      float64 `json:"mb"`
}

// losses measures the losses of the feature branch from 256 images to -batch.
func losses(s settings) (result, error) {
	var all []point
	add := func(name string, batch, classes int, f func(in loss.Input) *autograd.Var) {
		all = append(all, point{name, batch, classes, round(s.above(2*batch, classes, f))})
	}
	for batch := 256; batch <= or(s.batch, 32768); batch *= 2 {
		if rows := int64(2 * batch); 8*rows*rows <= mostHeld {
			add("SC, similarities held", batch, 10, heldContrast)
		}
		sc := &loss.SupervisedContrastive{}
		add("SC, in tiles", batch, 10, func(in loss.Input) *autograd.Var { l, _ := sc.Forward(in); return l })
		for _, classes := range []int{10, 100, 1000, 8142} {
			bank, err := prototype.NewLearnable(prototype.Settings{Classes: classes, Dim: s.dim, Seed: 1})
			if err != nil {
				return nil, err
			}
			for _, e := range nn.Params(bank) {
				e.Param.ZeroGrad()
			}
			psc := &loss.PrototypicalContrastive{Bank: bank}
			add("PSC", batch, classes, func(in loss.Input) *autograd.Var { l, _ := psc.Forward(in); return l })
		}
	}
	return result{"dim": s.dim, "points": all}, nil
}

// above is the peak, in MB, of a loss of so many rows above what was there before.
func (s settings) above(rows, classes int, f func(in loss.Input) *autograd.Var) float64 {
	z, labels, rng := autograd.NewParam(gradtest.Normal(1, 1, rows, s.dim)), make([]int, rows), rand.New(rand.NewPCG(1, 2))
	for i := range labels {
		labels[i] = rng.IntN(classes)
	}
	z.ZeroGrad()
	debug.FreeOSMemory()
	settledMB()
	base := peakKB()
	mode := autograd.Mode{Train: true}
	tape := autograd.NewTape(mode)
	tape.Backward(f(loss.Input{Embedding: nn.L2Normalize(tape.Param(z)), Labels: labels, Views: 2}), nil)
	return float64(peakKB()-base) / 1024
}

// heldContrast is the SC loss as most programs compute it: all similarities are held, and their gradient.
func heldContrast(in loss.Input) *autograd.Var {
	const tau = 0.1
	s, y, n := autograd.MatMulT(in.Embedding, in.Embedding), in.Labels, len(in.Labels)
	logSum, positives := make([]float64, n), make([]float64, n)
	each := make([]float64, n)
	parallel.For(n, func(i int) {
		sum, dot := 0.0, 0.0
		for j, v := range s.Data()[i*n : (i+1)*n] {
			if j == i {
				continue
			}
			sum += math.Exp(float64(v)/tau - 1/tau)
			if y[j] == y[i] {
				positives[i]++
				dot += float64(v) / tau
			}
		}
		if logSum[i] = math.Log(sum) + 1/tau; positives[i] > 0 {
			each[i] = logSum[i] - dot/positives[i]
		}
	})
	anchors, total := 0.0, 0.0
	for i, l := range each {
		if positives[i] > 0 {
			anchors, total = anchors+1, total+l
		}
	}
	out := in.Embedding.Tape().Tensor()
	out.Data()[0] = float32(total / max(anchors, 1))
	return autograd.Op("bench.SC", out, []*autograd.Var{s}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float64(gy.Item()) / max(anchors, 1) / tau
		parallel.For(n, func(i int) {
			for j, v := range s.Data()[i*n : (i+1)*n] {
				if j == i || positives[i] == 0 {
					continue
				}
				d := math.Exp(float64(v)/tau - logSum[i])
				if y[j] == y[i] {
					d -= 1 / positives[i]
				}
				gx[0].Data()[i*n+j] += float32(g * d)
			}
		})
	})
}
