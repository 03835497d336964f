package nn

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Conv2d is a two-dimensional convolution of x [N, H, W, in]: [N, H', W', out] with
// H' = (H + 2·Padding − KH)/Stride + 1, rounded down. In groups, the first out/Groups outputs see the first in/Groups
// channels alone, and so on; with as many groups as channels it is depthwise.
type Conv2d struct {
	Weight  *autograd.Param // [KH, KW, in/Groups, out]
	Bias    *autograd.Param // [out]; nil: none
	Stride  int             // 0 means 1
	Padding int             // zeros on every side
	Groups  int             // 0 means 1; must divide in and out
}

// Conv2dSettings are what NewConv2d makes a convolution of.
type Conv2dSettings struct {
	In, Out int        // channels
	Kernel  int        // height and width
	Stride  int        // 0 means 1
	Padding int        // zeros on every side
	Groups  int        // 0 means 1; must divide In and Out
	Bias    bool       // of zeros at first
	Seed    uint64     // of the weights
	Rand    *rand.Rand // draws them in place of Seed, see the package comment
}

// NewConv2d returns a convolution with a square kernel and He-normal weights.
func NewConv2d(s Conv2dSettings) *Conv2d {
	const op = "nn.NewConv2d"
	checkSizes(op, "In, Out, Kernel", 1, s.In, s.Out, s.Kernel)
	checkSizes(op, "Stride, Padding, Groups", 0, s.Stride, s.Padding, s.Groups)
	in := s.In / max(s.Groups, 1)
	c := &Conv2d{Weight: autograd.NewParam(tensor.New(s.Kernel, s.Kernel, in, s.Out)), Stride: s.Stride, Padding: s.Padding, Groups: s.Groups}
	HeNormal(c.Weight.Value, s.Kernel*s.Kernel*in, source(s.Seed, s.Rand))
	if s.Bias {
		c.Bias = autograd.NewParam(tensor.New(s.Out))
	}
	return c
}

// Forward convolves x.
func (c *Conv2d) Forward(x *autograd.Var) *autograd.Var {
	t := x.Tape()
	w := t.Param(c.Weight)
	s := c.geometry("nn.Conv2d", x, w)
	in := []*autograd.Var{x, w}
	var bias []float32
	if c.Bias != nil {
		b := t.Param(c.Bias)
		if !b.Shape().Equal(tensor.Shape{s.O}) {
			panic(&tensor.Error{Op: "nn.Conv2d", Path: autograd.Path(b, w), Shapes: []tensor.Shape{w.Shape(), b.Shape()}, Detail: "the bias must be [out]"})
		}
		in, bias = append(in, b), b.Data()
	}
	y := t.Scratch(s.N, s.OutH(), s.OutW(), s.O)
	s.forward(x.Peek().Data(), w.Data(), s.kept(t, c.Weight), bias, y.Data())
	t.CountMACs(s.macs())
	return autograd.OpInto("nn.Conv2d", y, in, -1, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
		s.grad(gy, nil, nil, x.Peek().Data(), w.Data(), gx, add)
		if len(gx) > 2 && gx[2] != nil {
			kernels.ColumnSums(gx[2].Data(), gy.Data(), gy.Len()/s.O, s.O)
		}
	}).Describe(c.attributes)
}

func (c *Conv2d) attributes() autograd.Attributes {
	return autograd.Attributes{"stride": max(c.Stride, 1), "padding": c.Padding, "groups": max(c.Groups, 1)}
}

// Visit shows weight and bias.
func (c *Conv2d) Visit(v Visitor) {
	v.ParamAs("weight", c.Weight, HWIO)
	v.Param("bias", c.Bias)
}

// mostPixels is beyond any stride, padding or kernel: sums of some do not overflow.
const mostPixels = 1 << 20

// geometry checks the shapes.
func (c *Conv2d) geometry(op string, x, w *autograd.Var) convolution {
	xs, ws := x.Shape(), w.Shape()
	fail := func(detail string) {
		panic(&tensor.Error{Op: op, Path: autograd.Path(w), Shapes: []tensor.Shape{xs, ws}, Detail: detail})
	}
	if len(xs) != 4 || len(ws) != 4 {
		fail("needs images [N, H, W, C] and a weight [KH, KW, I, O]")
	}
	groups := max(c.Groups, 1)
	if xs[3] != ws[2]*groups {
		fail(fmt.Sprintf("the image has %d channels, the weight takes %d", xs[3], ws[2]*groups))
	}
	s := convolution{groups: groups, Conv: kernels.Conv{N: xs[0], H: xs[1], W: xs[2], C: xs[3], KH: ws[0], KW: ws[1], O: ws[3],
		Stride: max(c.Stride, 1), Pad: c.Padding,
		BFloat16: groups == 1 && x.Tape().Mode().Precision == autograd.BFloat16}}
	switch {
	case c.Stride < 0 || c.Padding < 0:
		fail(fmt.Sprintf("stride %d and padding %d must not be negative", c.Stride, c.Padding))
	case c.Stride > mostPixels || c.Padding > mostPixels || s.KH > mostPixels || s.KW > mostPixels:
		fail(fmt.Sprintf("stride %d, padding %d and the kernel must be at most %d", c.Stride, c.Padding, mostPixels))
	case c.Groups < 0 || s.O%groups != 0:
		fail(fmt.Sprintf("%d groups must divide the weight's %d outputs", c.Groups, s.O))
	case s.KH == 0 || s.KW == 0 || s.C == 0 || s.O == 0:
		fail("the kernel is empty")
	case s.H+2*s.Pad < s.KH || s.W+2*s.Pad < s.KW:
		fail(fmt.Sprintf("the kernel is larger than the image padded by %d", s.Pad))
	}
	return s
}
