package onnx

import (
	"slices"

	"github.com/longtail-ml/longtail/nn"
)

// convolution is a Conv, and what has been joined with it.
type convolution struct {
	conv *nn.Conv2d
	norm *nn.ConvBN // nil: no batch norm has been joined
	pads []int      // top, left, bottom, right, where they differ; nil: those of conv
	auto string
	step int
}

func importConv(k *compiling) runner {
	if !k.inputs(2, 3) {
		return nil
	}
	c := &convolution{auto: k.text("auto_pad", "NOTSET"), step: len(k.steps)}
	stride := k.square("strides", 1)
	k.must("dilations", k.square("dilations", 1), 1)
	c.pads = k.pads()
	group := k.int("group", 1)
	k.ints("kernel_shape") // which the weight tells
	w := k.numbers(1)
	if k.err != nil {
		return nil
	}
	if len(w.Shape()) != 4 || group < 1 || slices.Contains(w.Shape(), 0) {
		k.fail("a weight of shape %v in %d groups: convolutions of images [O, I, KH, KW] are supported", w.Shape(), group)
		return nil
	}
	c.conv = &nn.Conv2d{Weight: k.param(k.node.in[1], w, 2, 3, 1, 0), Stride: stride, Groups: group}
	if k.has(2) {
		bias := k.numbers(2)
		if k.err != nil {
			return nil
		}
		c.conv.Bias = k.param(k.node.in[2], bias)
	}
	switch p := c.pads; {
	case c.auto == "SAME_UPPER" || c.auto == "SAME_LOWER":
	case c.auto != "NOTSET" && c.auto != "VALID":
		k.fail("auto_pad %q is not supported", c.auto)
	case c.auto == "NOTSET" && p[0] == p[1] && p[0] == p[2] && p[0] == p[3]:
		c.conv.Padding, c.pads = p[0], nil
	case c.auto == "VALID":
		c.pads = nil
	}
	k.layer(k.node.in[1], c.conv)
	k.only(0)
	k.weighted = true
	k.convs[k.node.out[0]] = c
	return c.run
}

func (c *convolution) run(r *run, in []val) val {
	x := r.images(in[0])
	pads, w := c.pads, c.conv.Weight.Value.Shape()
	if s := x.Shape(); c.auto[0] == 'S' {
		pads = samePads(s[1:3], w[:2], max(c.conv.Stride, 1), c.auto == "SAME_LOWER")
	}
	if pads != nil {
		x = r.pad(x, []int{0, pads[0], pads[1], 0}, []int{0, pads[2], pads[3], 0}, 0)
	}
	s, stride := x.Shape(), max(c.conv.Stride, 1)
	r.room(s[0], (s[1]+2*c.conv.Padding)/stride+1, (s[2]+2*c.conv.Padding)/stride+1, w[3])
	if c.norm != nil {
		return val{v: c.norm.Forward(x), first: true}
	}
	return val{v: c.conv.Forward(x), first: true}
}

// samePads makes the result as large as the image divided by the stride.
func samePads(image, kernel []int, stride int, lower bool) []int {
	pads := make([]int, 4)
	for i, n := range image {
		all := max(((n+stride-1)/stride-1)*stride+kernel[i]-n, 0)
		pads[i], pads[i+2] = all/2, all-all/2
		if lower {
			pads[i], pads[i+2] = pads[i+2], pads[i]
		}
	}
	return pads
}

// square returns the one number of an attribute of two.
func (k *compiling) square(name string, otherwise int) int {
	v := k.ints(name)
	if v == nil {
		return otherwise
	}
	if len(v) != 2 || v[0] != v[1] || v[0] < 1 {
		k.fail("%s of %v are not supported: they must be two, alike and at least 1", name, v)
		return otherwise
	}
	return v[0]
}

// pads are top, left, bottom and right.
func (k *compiling) pads() []int {
	p := k.ints("pads")
	if p == nil {
		return make([]int, 4)
	}
	if len(p) != 4 || slices.Min(p) < 0 || slices.Max(p) > 1<<20 {
		k.fail("pads of %v are not supported: they must be four, and not negative", p)
		return make([]int, 4)
	}
	return p
}
