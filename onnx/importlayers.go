package onnx

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// runner computes the result of a node.
type runner func(r *run, in []val) val

// Operators with weights.

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

// param returns the parameter of an initializer, with its dimensions in another order; one for all that ask for the same.
func (k *compiling) param(name string, x *tensor.Tensor, order ...int) *autograd.Param {
	key := name
	for _, o := range order {
		key += string(rune('0' + o))
	}
	if p := k.params[key]; p != nil {
		return p
	}
	if len(order) > 0 {
		x = permuted(x, order...)
	}
	p := autograd.NewParam(x)
	k.params[key] = p
	return p
}

// layer shows a layer under the name of its weight.
func (k *compiling) layer(weight string, of nn.Visitable) {
	k.layers = append(k.layers, layer{k.path(weight), of})
}

func importBatchNorm(k *compiling) runner {
	if !k.inputs(5, 5) {
		return nil
	}
	epsilon, momentum := k.float("epsilon", 1e-5), k.float("momentum", 0.9)
	k.must("training_mode", k.int("training_mode", 0), 0)
	if k.opset < 14 {
		k.must("spatial", k.int("spatial", 1), 1)
	}
	var v [4]*tensor.Tensor
	for i := range v {
		if v[i] = k.numbers(1 + i); k.err != nil {
			return nil
		}
		if len(v[i].Shape()) != 1 || v[i].Len() != v[0].Len() || v[0].Len() == 0 {
			k.fail("weights of shapes %v and %v: they must be vectors of one length", v[0].Shape(), v[i].Shape())
			return nil
		}
	}
	if epsilon < 0 || !(momentum >= 0 && momentum <= 1) {
		k.fail("epsilon %v must not be negative, momentum %v must be in [0, 1]", epsilon, momentum)
		return nil
	}
	if epsilon == 0 { // which the library's layers take for what is usual
		epsilon = math.SmallestNonzeroFloat32
	}
	b := nn.NewBatchNorm2d(v[0].Len())
	b.Weight, b.Bias = k.param(k.node.in[1], v[0]), k.param(k.node.in[2], v[1])
	b.RunningMean, b.RunningVar, b.Epsilon, b.Momentum = v[2], v[3], epsilon, max(1-momentum, math.SmallestNonzeroFloat32)
	k.layer(k.node.in[1], b)
	k.weighted = true
	k.only(0)
	if c := k.convs[k.node.in[0]]; c != nil && c.norm == nil && c.conv.Bias == nil && k.uses[k.node.in[0]] == 1 && c.conv.Weight.Value.Dim(3) == v[0].Len() {
		c.norm = &nn.ConvBN{Conv: c.conv, BN: b}
		return k.join(c)
	}
	return func(r *run, in []val) val {
		if len(in[0].shape()) == 2 {
			return val{v: b.Forward(r.plain(in[0]))}
		}
		return val{v: b.Forward(r.images(in[0])), first: true}
	}
}

// join makes a convolution's step give the result of this node too.
func (k *compiling) join(c *convolution) runner {
	k.steps[c.step].out = k.node.out[0]
	k.convs[k.node.out[0]] = c
	k.joined = true
	return nil
}

func importRelu(k *compiling) runner {
	k.inputs(1, 1)
	if k.err == nil {
		if c := k.convs[k.node.in[0]]; c != nil && c.norm != nil && !c.norm.ReLU && k.uses[k.node.in[0]] == 1 {
			c.norm.ReLU = true
			k.in = k.in[:1]
			return k.join(c)
		}
	}
	return func(r *run, in []val) val { return r.alike(in[0], nn.ReLU) }
}

// alike is an operation entry by entry.
func (r *run) alike(x val, f func(*autograd.Var) *autograd.Var) val {
	if x.v == nil {
		r.plain(x)
	}
	return val{v: f(x.v), first: x.first}
}

func importGemm(k *compiling) runner {
	if !k.inputs(2, 3) {
		return nil
	}
	alpha, beta := k.float("alpha", 1), k.float("beta", 1)
	k.must("transA", k.int("transA", 0), 0)
	transB := k.int("transB", 0)
	if !k.fixed(1) && k.err == nil {
		k.must("inputs beside computed matrices", len(k.node.in), 2)
		return func(r *run, in []val) val {
			a, b := r.plain(in[0]), r.plain(in[1])
			if transB == 0 {
				b = autograd.Transpose(b)
			}
			return val{v: autograd.Scale(autograd.MatMulT(a, b), alpha)}
		}
	}
	l := k.linear(1, transB != 0, alpha)
	if k.has(2) && k.err == nil {
		bias := k.numbers(2)
		if k.err != nil {
			return nil
		}
		out := l.Weight.Value.Dim(0)
		if bias.Len() != out && bias.Len() != 1 {
			k.fail("a bias of shape %v for %d outputs", bias.Shape(), out)
			return nil
		}
		x := tensor.New(out)
		for i := range x.Data() {
			x.Data()[i] = float32(beta * float64(bias.Data()[i%bias.Len()]))
		}
		l.Bias = k.param(k.node.in[2], x)
	}
	k.only(0)
	if k.err != nil {
		return nil
	}
	k.layer(k.node.in[1], l)
	return func(r *run, in []val) val { return val{v: l.Forward(r.matrix(in[0]))} }
}

func (r *run) matrix(x val) *autograd.Var {
	v := r.plain(x)
	if len(v.Shape()) != 2 {
		r.fail("a matrix is wanted, and the shape is %v", v.Shape())
	}
	return v
}

// linear makes a layer of weights in the file, [out, in] or the other way round, times a number.
func (k *compiling) linear(i int, outIn bool, by float64) *nn.Linear {
	w := k.numbers(i)
	if k.err != nil {
		return nil
	}
	if len(w.Shape()) != 2 || w.Len() == 0 {
		k.fail("weights of shape %v: a matrix is wanted", w.Shape())
		return nil
	}
	if by != 1 {
		for i := range w.Data() {
			w.Data()[i] *= float32(by)
		}
	}
	k.weighted = true
	switch {
	case by != 1 && outIn:
		return &nn.Linear{Weight: autograd.NewParam(w)}
	case by != 1:
		return &nn.Linear{Weight: autograd.NewParam(permuted(w, 1, 0))}
	case outIn:
		return &nn.Linear{Weight: k.param(k.node.in[i], w)}
	}
	return &nn.Linear{Weight: k.param(k.node.in[i], w, 1, 0)}
}

func importMatMul(k *compiling) runner {
	if !k.inputs(2, 2) {
		return nil
	}
	if a := k.arrays[k.node.in[1]]; a != nil && len(a.from.dims) == 2 {
		l := k.linear(1, false, 1)
		k.only(0)
		if k.err != nil {
			return nil
		}
		k.layer(k.node.in[1], l)
		return func(r *run, in []val) val {
			x := r.plain(in[0])
			s := x.Shape()
			if len(s) < 2 {
				r.fail("rows are wanted, and the shape is %v", s)
			}
			return val{v: reshaped(l.Forward(rowsAlong(x)), append(slices.Clone(s[:len(s)-1]), l.Weight.Value.Dim(0))...)}
		}
	}
	return func(r *run, in []val) val { return val{v: r.matMul(r.plain(in[0]), r.plain(in[1]))} }
}

// matMul multiplies matrices, several of them, or several with one.
func (r *run) matMul(a, b *autograd.Var) *autograd.Var {
	as, bs := a.Shape(), b.Shape()
	if len(as) < 2 || len(bs) < 2 || as[len(as)-1] != bs[len(bs)-2] {
		r.fail("matrices of shapes %v and %v have no product", as, bs)
	}
	n := len(bs)
	switch {
	case len(bs) == 2:
		r.room(append(slices.Clone(as[:len(as)-1]), bs[1])...)
		return reshaped(autograd.MatMul(rowsAlong(a), b), append(slices.Clone(as[:len(as)-1]), bs[1])...)
	case len(as) == 2:
		r.room(append(slices.Clone(bs[:n-2]), as[0], bs[n-1])...)
		t := autograd.Transpose(b) // (bᵀ·aᵀ)ᵀ
		y := autograd.MatMulT(rowsAlong(t), a)
		return autograd.Transpose(reshaped(y, append(slices.Clone(t.Shape()[:n-1]), as[0])...))
	case !as[:len(as)-2].Equal(bs[:n-2]):
		r.fail("matrices of shapes %v and %v: those that broadcasting would repeat are not supported", as, bs)
	}
	r.room(append(slices.Clone(as[:len(as)-1]), bs[n-1])...)
	return autograd.BatchMatMul(a, b)
}

// rowsAlong makes a matrix of the rows along the last dimension.
func rowsAlong(x *autograd.Var) *autograd.Var {
	s := x.Shape()
	return reshaped(x, s[:len(s)-1].Len(), s[len(s)-1])
}

// reshaped is x itself if it has the shape.
func reshaped(x *autograd.Var, shape ...int) *autograd.Var {
	if x.Shape().Equal(shape) {
		return x
	}
	return autograd.Reshape(x, shape...)
}

func importLayerNorm(k *compiling) runner {
	if !k.inputs(2, 3) {
		return nil
	}
	axis := k.int("axis", -1)
	k.int("stash_type", 1)
	l := &nn.LayerNorm{Epsilon: k.float("epsilon", 1e-5)}
	for i, p := range []**autograd.Param{&l.Weight, &l.Bias} {
		if !k.has(1 + i) {
			continue
		}
		x := k.numbers(1 + i)
		if k.err != nil {
			return nil
		}
		*p = k.param(k.node.in[1+i], x)
	}
	if l.Epsilon == 0 {
		l.Epsilon = math.SmallestNonzeroFloat32
	}
	if !(l.Epsilon >= 0) {
		k.fail("epsilon %v must not be negative", l.Epsilon)
		return nil
	}
	k.layer(k.node.in[1], l)
	k.weighted = true
	k.only(0)
	return func(r *run, in []val) val {
		x := r.plain(in[0])
		if dims := len(x.Shape()); r.axis(axis, dims) != dims-1 {
			r.fail("axis %d of %d is not supported: the last alone", axis, dims)
		}
		return val{v: l.Forward(x)}
	}
}
