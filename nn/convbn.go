package nn

import (
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// ConvBN is a convolution, batch norm, an optional shortcut added and an optional ReLU as one operation: an eager tape
// cannot join them afterwards, and together they need half the memory and fewer passes over it.
type ConvBN struct {
	Conv *Conv2d // without bias: batch norm has one
	BN   *BatchNorm2d
	ReLU bool
}

// ConvBNSettings are what NewConvBN makes a convolution of.
type ConvBNSettings struct {
	In, Out int // channels
	Kernel  int // height and width
	Stride  int // 0 means 1
	Padding int // zeros on every side
	Groups  int // 0 means 1; must divide In and Out
	ReLU    bool
	Seed    uint64     // of the weights
	Rand    *rand.Rand // draws them in place of Seed, see the package comment
}

// NewConvBN returns a convolution with He-normal weights behind which batch norm starts as the identity.
func NewConvBN(s ConvBNSettings) *ConvBN {
	conv := NewConv2d(Conv2dSettings{In: s.In, Out: s.Out, Kernel: s.Kernel, Stride: s.Stride, Padding: s.Padding, Groups: s.Groups,
		Seed: s.Seed, Rand: s.Rand})
	return &ConvBN{Conv: conv, BN: NewBatchNorm2d(s.Out), ReLU: s.ReLU}
}

// Forward returns act(bn(conv(x))).
func (c *ConvBN) Forward(x *autograd.Var) *autograd.Var { return c.ForwardAdd(x, nil) }

// ForwardAdd returns act(bn(conv(x)) + shortcut); a nil shortcut is none.
func (c *ConvBN) ForwardAdd(x, shortcut *autograd.Var) *autograd.Var {
	const op = "nn.ConvBN"
	t := x.Tape()
	w := t.Param(c.Conv.Weight)
	g := c.Conv.geometry(op, x, w)
	shape := tensor.Shape{g.N, g.OutH(), g.OutW(), g.O}
	gamma, beta := c.BN.params(op, t, shape)
	if c.Conv.Bias != nil {
		panic(&tensor.Error{Op: op, Path: autograd.Path(w), Detail: "the convolution must have no bias: batch norm adds one"})
	}
	in := []*autograd.Var{x, w, gamma, beta}
	pass, add := -1, []float32(nil)
	if shortcut != nil {
		if !shortcut.Shape().Equal(shape) {
			panic(&tensor.Error{Op: op, Path: autograd.Path(w), Shapes: []tensor.Shape{shape, shortcut.Shape()}, Detail: "the shortcut's shape is not the output's"})
		}
		in, pass, add = append(in, shortcut), len(in), shortcut.Data()
	}

	y := t.Scratch(shape...)
	t.CountMACs(g.macs())
	batch := c.BN.usesBatch(t)
	if !batch && !slices.ContainsFunc(in, (*autograd.Var).NeedsGrad) { // nothing is kept for backward
		s := c.BN.normalization(t, 0, gamma.Data(), beta.Data(), nil)
		g.forwardNorm(x.Data(), w.Data(), g.kept(t, c.Conv.Weight), s.scale, s.shift, add, y.Data(), c.ReLU)
		return autograd.OpInto(op, y, in, pass, 0, nil)
	}
	conv := t.Scratch(shape...)
	if !batch {
		g.forward(x.Data(), w.Data(), nil, nil, conv.Data())
	}
	s := c.BN.normalization(t, g.N*g.OutH()*g.OutW(), gamma.Data(), beta.Data(), func(sum, sumsq []float64) {
		g.forwardSums(x.Data(), w.Data(), conv.Data(), sum, sumsq)
	})
	kernels.ScaleShift(y.Data(), conv.Data(), s.scale, s.shift, add, s.rows, s.c, c.ReLU)

	return autograd.OpInto(op, y, in, pass, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
		var relu *tensor.Tensor
		if c.ReLU && shortcut != nil {
			relu = y // the shortcut gets the masked gradient too
		}
		norm := s.backward(gy, relu, conv, c.ReLU && shortcut == nil, gx[2], gx[3])
		g.grad(gy, norm, conv.Data(), x, w, gx, add)
	})
}

// Visit shows the convolution as "conv" and batch norm as "bn".
func (c *ConvBN) Visit(v Visitor) {
	v.Sub("conv", c.Conv)
	v.Sub("bn", c.BN)
}
