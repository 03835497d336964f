package main

import (
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
)

// chain is a backbone of ConvBN as a user would write one: the layers of a ResNet-32, one width throughout, no shortcuts.
type chain struct {
	layers []*nn.ConvBN
	width  int
}

func chainLayers(w int) []layer {
	return []layer{{1, 32, 3, w, 1, 3}, {10, 32, w, w, 1, 3}, {1, 32, w, w, 2, 3}, {9, 16, w, w, 1, 3}, {1, 16, w, w, 2, 3}, {9, 8, w, w, 1, 3}}
}

func newChain(width int) *chain {
	c, rng := &chain{width: width}, rand.New(rand.NewPCG(1, 1))
	for _, l := range chainLayers(width) {
		for range l.times {
			c.layers = append(c.layers, nn.NewConvBN(nn.ConvBNSettings{In: l.c, Out: l.o, Kernel: 3, Stride: l.stride, Padding: 1, ReLU: true, Rand: rng}))
		}
	}
	return c
}

func (c *chain) OutDim() int { return c.width }

func (c *chain) Forward(x *autograd.Var) *autograd.Var {
	for _, l := range c.layers {
		x = l.Forward(x)
	}
	return nn.GlobalAvgPool2d(x)
}

func (c *chain) Visit(v nn.Visitor) {
	for i, l := range c.layers {
		v.Sub(fmt.Sprint(i), l)
	}
}

// width prints a line a network to standard error: GFLOP/s of the three passes of its convolutions, and of a whole
// training step. The result has what a step reaches, as a part of ResNet-32's rate at the same batch.
func width(s settings) (result, error) {
	b := or(s.batch, 32)
	share := s.seconds / 8
	fmt.Fprintf(os.Stderr, "%-12s %8s %8s %8s %8s %8s  GFLOP/s\n", "network", "forward", "input", "weight", "all", "step")
	measure := func(name string, layers []layer, net *hybrid.Network, err error) (passes, step float64, _ error) {
		if err != nil {
			return 0, 0, err
		}
		time, work := network(s, layers, b, share, nil)
		seconds, err := trainStep(s, net, b, share)
		if err != nil {
			return 0, 0, err
		}
		passes, step = gflops(work.sum(), time.sum()), gflops(work.sum(), seconds)
		fmt.Fprintf(os.Stderr, "%-12s %8.1f %8.1f %8.1f %8.1f %8.1f\n", name, gflops(work[0], time[0]), gflops(work[1], time[1]),
			gflops(work[2], time[2]), passes, step)
		return passes, step, nil
	}
	net, err := resnet32()
	basePasses, baseStep, err := measure("ResNet-32", resnet32Layers, net, err)
	if err != nil {
		return nil, err
	}
	r := result{"batch": b, "resnet32_gflops": round(basePasses), "resnet32_step_gflops": round(baseStep)}
	for _, w := range []int{24, 40, 100} {
		net, err := hybrid.NewNetwork(newChain(w), 10, hybrid.WithoutProjection())
		passes, step, err := measure(fmt.Sprint("width ", w), chainLayers(w), net, err)
		if err != nil {
			return nil, err
		}
		r[fmt.Sprintf("width_%d", w)], r[fmt.Sprintf("width_%d_step", w)] = round(passes/basePasses), round(step/baseStep)
	}
	return r, nil
}
