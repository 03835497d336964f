package main

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	ours "github.com/longtail-ml/longtail/blas"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"gonum.org/v1/gonum/blas"
)

// contrast has the embedding in base_mb: what peak_mb is above that, its gradient included, is memory of the loss.
func contrast(s settings) (result, error) {
	n := or(s.batch, 1024)
	step := contrastStep(n, s.dim)
	base := settledMB()
	seconds := s.timed(step, s.seconds)
	return result{"n": n, "dim": s.dim, "base_mb": base, "ms": round(1e3 * seconds), "gflops": round(6 * float64(n) * float64(n) * float64(s.dim) / seconds / 1e9)}, nil
}

// contrastStep returns a function that passes the SC loss of n rows forward and backward.
func contrastStep(n, dim int) func() {
	z, labels := autograd.NewParam(gradtest.Normal(1, 1, n, dim)), randomLabels(n)
	mode := autograd.Mode{Train: true}
	tape, sc := autograd.NewTape(mode), &loss.SupervisedContrastive{Temperature: 0.1}
	return func() {
		tape.Reset(mode)
		z.ZeroGrad()
		l, _ := sc.Forward(loss.Input{Embedding: nn.L2Normalize(tape.Param(z)), Labels: labels, Views: 1})
		tape.Backward(l, nil)
	}
}

func sgemm(s settings) (result, error) {
	n := or(s.batch, 1024)
	a, b, c := gradtest.Normal(1, 1, n, n).Data(), gradtest.Normal(2, 1, n, n).Data(), make([]float32, n*n)
	seconds := s.timed(func() {
		ours.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, b, n, 0, c, n)
	}, s.seconds)
	return result{"n": n, "gflops": round(gflops(float64(n)*float64(n)*float64(n), seconds))}, nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// peak is what all threads together can do without touching memory.
func peak(s settings) (result, error) {
	const n = 1 << 20
	flops := make([]int64, s.threads)
	seconds := s.timed(func() {
		parallel.For(s.threads, func(i int) { flops[i] = kernels.PeakFMA(n) })
	}, s.seconds)
	total := int64(0)
	for _, f := range flops {
		total += f
	}
	return result{"gflops": round(float64(total) / seconds / 1e9)}, nil
}
