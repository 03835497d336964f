package main

import (
	"fmt"
	"os"

	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/internal/kernels"
)

// layer is a 3×3 convolution of images of h×h pixels from c to o channels, and how often a network has it.
type layer struct{ times, h, c, o, stride int }

var resnet32Layers = []layer{{1, 32, 3, 16, 1}, {10, 32, 16, 16, 1}, {1, 32, 16, 32, 2}, {9, 16, 32, 32, 1}, {1, 16, 32, 64, 2}, {9, 8, 64, 64, 1}}

func (l layer) conv(batch int) kernels.Conv {
	return kernels.Conv{N: batch, H: l.h, W: l.h, C: l.c, KH: 3, KW: 3, O: l.o, Stride: l.stride, Pad: 1}
}

// passes is the time or the work of forward, input gradient and weight gradient.
type passes [3]float64

func (p passes) sum() float64 { return p[0] + p[1] + p[2] }

// work is the number of multiply-adds. Images, which have three channels, need no gradient.
func (l layer) work(batch int) passes {
	macs := float64(l.conv(batch).MACs())
	if l.c == 3 {
		return passes{macs, 0, macs}
	}
	return passes{macs, macs, macs}
}

// time measures the passes that have work.
func (l layer) time(s settings, batch int, seconds float64) passes {
	k := l.conv(batch)
	x, w := gradtest.Normal(1, 1, batch, l.h, l.h, l.c).Data(), gradtest.Normal(2, 1, 3, 3, l.c, l.o).Data()
	y := gradtest.Normal(3, 1, batch, k.OutH(), k.OutW(), l.o).Data()
	dx, dw := make([]float32, len(x)), make([]float32, len(w))
	var p passes
	p[0] = s.timed(func() { kernels.ConvForward(k, x, w, nil, y) }, seconds/3)
	if l.c != 3 {
		p[1] = s.timed(func() { kernels.ConvInputGrad(k, y, w, dx, false) }, seconds/3)
	}
	p[2] = s.timed(func() { kernels.ConvWeightGrad(k, x, y, dw) }, seconds/3)
	return p
}

// network adds up time and work of all layers, and calls each for every one, unless it is nil.
func network(s settings, layers []layer, batch int, seconds float64, each func(l layer, time, work passes)) (time, work passes) {
	for _, l := range layers {
		t, w := l.time(s, batch, seconds/float64(len(layers))), l.work(batch)
		if each != nil {
			each(l, t, w)
		}
		for i := range t {
			time[i] += float64(l.times) * t[i]
			work[i] += float64(l.times) * w[i]
		}
	}
	return time, work
}

// conv prints a line a shape to standard error; the result is the whole network's rate.
func conv(s settings) (result, error) {
	b := or(s.batch, 128)
	fmt.Fprintf(os.Stderr, "%-28s %10s %10s %10s  GFLOP/s\n", "layer", "forward", "input", "weight")
	time, work := network(s, resnet32Layers, b, s.seconds, func(l layer, time, work passes) {
		fmt.Fprintf(os.Stderr, "%2d × %2d×%2d %2d→%2d stride %d    ", l.times, l.h, l.h, l.c, l.o, l.stride)
		for i := range time {
			if work[i] == 0 {
				fmt.Fprintf(os.Stderr, " %10s", "-")
				continue
			}
			fmt.Fprintf(os.Stderr, " %10.1f", gflops(work[i], time[i]))
		}
		fmt.Fprintln(os.Stderr)
	})
	return result{"batch": b, "gflops": round(gflops(work.sum(), time.sum())), "images_per_second": round(float64(b) / time.sum())}, nil
}

func gflops(macs, seconds float64) float64 { return 2 * macs / seconds / 1e9 }
