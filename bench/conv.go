package main

import (
	"fmt"
	"os"

	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/internal/kernels"
)

// layer is a k×k convolution of images of h×h pixels from c to o channels, and how often a network has it.
type layer struct{ times, h, c, o, stride, k int }

var resnet32Layers = []layer{{1, 32, 3, 16, 1, 3}, {10, 32, 16, 16, 1, 3}, {1, 32, 16, 32, 2, 3}, {9, 16, 32, 32, 1, 3}, {1, 16, 32, 64, 2, 3}, {9, 8, 64, 64, 1, 3}}

func (l layer) conv(batch int) kernels.Conv {
	return kernels.Conv{N: batch, H: l.h, W: l.h, C: l.c, KH: l.k, KW: l.k, O: l.o, Stride: l.stride, Pad: l.k / 2}
}

// layers are those of the network of the flags, on images of 224×224 where it is for photographs.
func (s settings) layers() ([]layer, error) {
	switch s.net {
	case "resnet32":
		return resnet32Layers, nil
	case "resnet18":
		return photoLayers([]int{2, 2, 2, 2}, false), nil
	case "resnet34":
		return photoLayers([]int{3, 4, 6, 3}, false), nil
	case "resnet50":
		return photoLayers([]int{3, 4, 6, 3}, true), nil
	}
	return nil, fmt.Errorf("-net %s: conv knows resnet18, resnet32, resnet34 and resnet50", s.net)
}

// photoLayers are the layers of a ResNet for photographs with so many blocks a stage.
func photoLayers(blocks []int, bottleneck bool) []layer {
	all := []layer{{1, 224, 3, 64, 2, 7}}
	h, in := 56, 64
	for stage, n := range blocks {
		width := 64 << stage
		stride := min(2, stage+1)
		out := width
		if bottleneck {
			out = 4 * width
			all = append(all, layer{1, h, in, width, 1, 1}, layer{1, h, width, width, stride, 3})
		} else {
			all = append(all, layer{1, h, in, width, stride, 3})
		}
		if in != out {
			all = append(all, layer{1, h, in, out, stride, 1})
		}
		h, in = h/stride, out
		if bottleneck {
			all = append(all, layer{n, h, width, out, 1, 1}, layer{n - 1, h, out, width, 1, 1}, layer{n - 1, h, width, width, 1, 3})
		} else {
			all = append(all, layer{2*n - 1, h, width, width, 1, 3})
		}
	}
	return all
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

// String is a line's beginning in a table.
func (l layer) String() string {
	return fmt.Sprintf("%2d × %-14s %4d→%4d /%d", l.times, fmt.Sprintf("%d×%d of %d×%d", l.k, l.k, l.h, l.h), l.c, l.o, l.stride)
}

// passes are forward, input gradient and weight gradient; nil has no work.
func (l layer) passes(batch int, bfloat16 bool) [3]func() {
	k := l.conv(batch)
	k.BFloat16 = bfloat16
	x, w := gradtest.Normal(1, 1, batch, l.h, l.h, l.c).Data(), gradtest.Normal(2, 1, l.k, l.k, l.c, l.o).Data()
	y := gradtest.Normal(3, 1, batch, k.OutH(), k.OutW(), l.o).Data()
	dx, dw := make([]float32, len(x)), make([]float32, len(w))
	p := [3]func(){func() { kernels.ConvForward(k, x, w, nil, y) }, nil, func() { kernels.ConvWeightGrad(k, x, y, dw) }}
	if l.c != 3 {
		p[1] = func() { kernels.ConvInputGrad(k, y, w, dx, false) }
	}
	return p
}

// time measures the passes that have work.
func (l layer) time(s settings, batch int, seconds float64) (p passes) {
	for i, pass := range l.passes(batch, s.bfloat16) {
		if pass != nil {
			p[i] = s.timed(pass, seconds/3)
		}
	}
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
	b := or(s.batch, map[bool]int{true: 128, false: 16}[s.net == "resnet32"])
	fmt.Fprintf(os.Stderr, "%-31s %10s %10s %10s  GFLOP/s\n", "layer", "forward", "input", "weight")
	layers, err := s.layers()
	if err != nil {
		return nil, err
	}
	time, work := network(s, layers, b, s.seconds, func(l layer, time, work passes) {
		fmt.Fprint(os.Stderr, l)
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
