package nn

import (
	"maps"
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
func (c *ConvBN) Forward(x *autograd.Var) *autograd.Var { return c.forward(x, nil, false) }

// ForwardAdd returns act(bn(conv(x)) + shortcut); a nil shortcut is none.
func (c *ConvBN) ForwardAdd(x, shortcut *autograd.Var) *autograd.Var {
	return c.forward(x, shortcut, false)
}

// ForwardDropped is Forward for a result that only other ConvBN read: these compute it of the convolution's, part by part,
// and on a tape with gradients it takes no memory (see autograd.Var.Drop).
func (c *ConvBN) ForwardDropped(x *autograd.Var) *autograd.Var { return c.forward(x, nil, true) }

func (c *ConvBN) forward(x, shortcut *autograd.Var, drop bool) *autograd.Var {
	return c.compute(x, shortcut, drop).Describe(func() autograd.Attributes {
		all := c.Conv.attributes()
		maps.Copy(all, c.BN.attributes(x.Tape()))
		all["relu"] = c.ReLU
		return all
	})
}

func (c *ConvBN) compute(x, shortcut *autograd.Var, drop bool) *autograd.Var {
	const op = "nn.ConvBN"
	t := x.Tape()
	w := t.Param(c.Conv.Weight)
	g := c.Conv.geometry(op, x, w)
	shape := tensor.Shape{g.N, g.OutH(), g.OutW(), g.O}
	gamma, beta := c.BN.params(op, t, shape)
	if c.Conv.Bias != nil {
		panic(&tensor.Error{Op: op, Path: autograd.Path(w), Detail: "the convolution must have no bias: batch norm adds one"})
	}
	in := append(make([]*autograd.Var, 0, 5), x, w, gamma, beta)
	pass := -1
	if shortcut != nil {
		if !shortcut.Shape().Equal(shape) {
			panic(&tensor.Error{Op: op, Path: autograd.Path(w), Shapes: []tensor.Shape{shape, shortcut.Shape()}, Detail: "the shortcut's shape is not the output's"})
		}
		in, pass = append(in, shortcut), len(in)
	}

	t.CountMACs(g.macs())
	batch := c.BN.usesBatch(t)
	needs := !t.Mode().NoGrad && slices.ContainsFunc(in, (*autograd.Var).NeedsGrad)
	if !batch && !needs { // nothing is kept for backward
		y := t.Scratch(shape...)
		scale, shift := c.BN.affine(t, gamma.Data(), beta.Data())
		g.forwardNorm(x.Peek().Data(), w.Data(), g.kept(t, c.Conv.Weight), scale, shift, peek(shortcut), y.Data(), c.ReLU)
		return autograd.OpInto(op, y, in, pass, 0, nil)
	}
	g, read := g.input(x)
	g.Packed = g.BFloat16 && g.O%2 == 0
	conv := g.result(t, shape)
	if !batch {
		g.forward(read, w.Data(), nil, nil, conv.Data())
	}
	s := c.BN.normalization(t, g.N*g.OutH()*g.OutW(), gamma.Data(), beta.Data(), func(sum, sumsq []float64) {
		g.forwardSums(read, w.Data(), conv.Data(), sum, sumsq)
	})
	if g.Packed && needs && shortcut != nil {
		return c.addPacked(x, w, shortcut, g, conv, s, in, pass)
	}
	f := &autograd.Lend[forwarded](t, 1)[0]
	*f = forwarded{x: x, w: w, shortcut: shortcut, g: g, conv: conv, norm: s, relu: c.ReLU}
	var source any
	if c.ReLU && shortcut == nil {
		f.by = kernels.Activation{Scale: s.scale, Shift: s.shift, Packed: g.Packed}
		source = f
	}
	if needs && drop {
		f.out = autograd.OpAway(op, shape, f.write, source, in, pass, 0, f.back)
		return f.out
	}
	y := t.Scratch(shape...)
	f.write(y)
	if f.out = autograd.OpInto(op, y, in, pass, 0, f.back); needs {
		f.out.Renewable(f.write, source)
	} else {
		t.Free(conv)
	}
	return f.out
}

// result is memory for what the convolution gives.
func (s convolution) result(t *autograd.Tape, shape tensor.Shape) *tensor.Tensor {
	if s.Packed {
		return t.Scratch(kernels.Pairs(shape.Len()))
	}
	return t.Scratch(shape...)
}

// Visit shows the convolution as "conv" and batch norm as "bn".
func (c *ConvBN) Visit(v Visitor) {
	v.Sub("conv", c.Conv)
	v.Sub("bn", c.BN)
}
