package main

import (
	"fmt"
	"os"
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

func contrast(s settings) (result, error) {
	n := or(s.batch, 1024)
	z, labels := autograd.NewParam(gradtest.Normal(1, 1, n, s.dim)), randomLabels(n)
	mode := autograd.Mode{Train: true}
	tape, sc := autograd.NewTape(mode), &loss.SupervisedContrastive{Temperature: 0.1}
	seconds := s.timed(func() {
		tape.Reset(mode)
		z.ZeroGrad()
		l, _ := sc.Forward(loss.Input{Embedding: nn.L2Normalize(tape.Param(z)), Labels: labels, Views: 1})
		tape.Backward(l, nil)
	}, s.seconds)
	return result{"n": n, "dim": s.dim, "ms": round(1e3 * seconds), "gflops": round(6 * float64(n) * float64(n) * float64(s.dim) / seconds / 1e9)}, nil
}

func sgemm(s settings) (result, error) {
	n := or(s.batch, 1024)
	a, b, c := gradtest.Normal(1, 1, n, n).Data(), gradtest.Normal(2, 1, n, n).Data(), make([]float32, n*n)
	seconds := s.timed(func() {
		ours.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, b, n, 0, c, n)
	}, s.seconds)
	return result{"n": n, "gflops": round(gflops(int64(n)*int64(n)*int64(n), seconds))}, nil
}

// conv prints a line a shape to standard error; the result is the whole network's rate.
func conv(s settings) (result, error) {
	b := or(s.batch, 128)
	fmt.Fprintf(os.Stderr, "%-28s %10s %10s %10s  GFLOP/s\n", "layer", "forward", "input", "weight")
	total, macs := 0.0, int64(0)
	for _, l := range []struct {
		times         int
		h, c, o, step int
	}{{1, 32, 3, 16, 1}, {10, 32, 16, 16, 1}, {1, 32, 16, 32, 2}, {9, 16, 32, 32, 1}, {1, 16, 32, 64, 2}, {9, 8, 64, 64, 1}} {
		k := kernels.Conv{N: b, H: l.h, W: l.h, C: l.c, KH: 3, KW: 3, O: l.o, Stride: l.step, Pad: 1}
		x, w := gradtest.Normal(1, 1, b, l.h, l.h, l.c).Data(), gradtest.Normal(2, 1, 3, 3, l.c, l.o).Data()
		y := gradtest.Normal(3, 1, b, k.OutH(), k.OutW(), l.o).Data()
		dx, dw := make([]float32, len(x)), make([]float32, len(w))
		passes := []float64{
			s.timed(func() { kernels.ConvForward(k, x, w, nil, y) }, s.seconds/18),
			s.timed(func() { kernels.ConvInputGrad(k, y, w, dx) }, s.seconds/18),
			s.timed(func() { kernels.ConvWeightGrad(k, x, y, dw) }, s.seconds/18),
		}
		fmt.Fprintf(os.Stderr, "%2d × %2d×%2d %2d→%2d stride %d    ", l.times, l.h, l.h, l.c, l.o, l.step)
		for i, seconds := range passes {
			if i == 1 && l.c == 3 {
				fmt.Fprintf(os.Stderr, " %10s", "-") // the images need no gradient
				continue
			}
			fmt.Fprintf(os.Stderr, " %10.1f", gflops(k.MACs(), seconds))
			total += float64(l.times) * seconds
			macs += int64(l.times) * k.MACs()
		}
		fmt.Fprintln(os.Stderr)
	}
	return result{"batch": b, "gflops": round(gflops(macs, total)), "images_per_second": round(float64(b) / total)}, nil
}

func gflops(macs int64, seconds float64) float64 { return 2 * float64(macs) / seconds / 1e9 }

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
