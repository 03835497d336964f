package onnx

import (
	"math"

	"github.com/longtail-ml/longtail/tensor"
)

// Operations on images, which ONNX has channels first.

func (c *Call) images(i int) string { return c.channelsFirst(c.in(i)) }

// kernel is a convolution's weight, [KH, KW, I, O] in the library and [O, I, KH, KW] in ONNX.
func (c *Call) kernel(i int) string {
	w := c.in(i)
	if w.constant == nil {
		return c.Node("Transpose", attrs{"perm": []int{3, 2, 0, 1}}, c.Input(i))
	}
	if w.kernel == "" {
		w.kernel = c.constant(w.path, permuted(w.constant, 3, 2, 0, 1))
	}
	return w.kernel
}

func (c *Call) convolve(in ...string) string {
	s, pad, w := c.number("stride"), c.number("padding"), c.op.In[1].Shape()
	return c.Node("Conv", attrs{"kernel_shape": []int{w[0], w[1]}, "strides": []int{s, s}, "pads": []int{pad, pad, pad, pad},
		"group": c.number("groups")}, in...)
}

func conv(c *Call) value {
	in := []string{c.images(0), c.kernel(1)}
	if c.Inputs() > 2 {
		in = append(in, c.Input(2))
	}
	return value{images: c.convolve(in...)}
}

func convBN(c *Call) value {
	y := c.normalize(c.convolve(c.images(0), c.kernel(1)), true, 2, 3)
	if c.Inputs() > 4 {
		y = c.Node("Add", nil, y, c.images(4))
	}
	if relu, _ := c.op.Attributes["relu"].(bool); relu {
		y = c.Node("Relu", nil, y)
	}
	return value{images: y}
}

func batchNorm(c *Call) value {
	alone := c.uses[c.op.In[0]] == 1
	switch len(c.Shape(0)) {
	case 2:
		return value{rows: c.normalize(c.Input(0), alone, 1, 2)}
	case 4:
		return value{images: c.normalize(c.images(0), alone, 1, 2)}
	}
	scale, shift := c.affine(1, 2)
	return c.whole(c.Node("Add", nil, c.Node("Mul", nil, c.Input(0), c.Constant(scale)), c.Constant(shift)))
}

// normalize is batch norm of x with weight and bias at places of the inputs. If wanted, and nothing else reads x, a convolution
// that gives x takes it in.
func (c *Call) normalize(x string, alone bool, gamma, beta int) string {
	if n := c.made[x]; c.settings.FoldBatchNorm && alone && n != nil && n.op == "Conv" && c.data[n.in[1]] != nil {
		c.fold(n, gamma, beta)
		return x
	}
	// of the name of the weight: "layer1.0.bn1.weight"
	of := func(name string) string {
		x := c.op.Attributes[name].(*tensor.Tensor)
		path := c.paths[x]
		if path == "" {
			path = join(c.prefix(c.op), name)
		}
		return c.constant(path, x)
	}
	return c.Node("BatchNormalization", attrs{"epsilon": c.op.Attributes["epsilon"]}, x, c.Input(gamma), c.Input(beta), of("mean"), of("variance"))
}

// affine is batch norm as a scale and a shift.
func (c *Call) affine(gamma, beta int) (scale, shift *tensor.Tensor) {
	g, b := c.op.In[gamma].Value(), c.op.In[beta].Value()
	mean, variance, epsilon := c.op.Attributes["mean"].(*tensor.Tensor), c.op.Attributes["variance"].(*tensor.Tensor), c.op.Attributes["epsilon"].(float64)
	scale, shift = tensor.New(g.Len()), tensor.New(g.Len())
	for i := range scale.Data() {
		by := float64(g.Data()[i]) / math.Sqrt(float64(variance.Data()[i])+epsilon)
		scale.Data()[i] = float32(by)
		shift.Data()[i] = float32(float64(b.Data()[i]) - float64(mean.Data()[i])*by)
	}
	return scale, shift
}

// fold makes batch norm a part of a convolution's weight and bias.
func (c *Call) fold(conv *node, gamma, beta int) {
	scale, shift := c.affine(gamma, beta)
	w := c.data[conv.in[1]].Clone()
	each := w.Len() / w.Dim(0)
	for i := range w.Data() {
		w.Data()[i] *= scale.Data()[i/each]
	}
	if len(conv.in) > 2 {
		for i, b := range c.data[conv.in[2]].Data() {
			shift.Data()[i] += b * scale.Data()[i]
		}
	}
	conv.in = []string{conv.in[0], c.constant(conv.name+".weight", w), c.constant(conv.name+".bias", shift)}
}

func maxPool(c *Call) value {
	k, s, pad := c.number("kernel"), c.number("stride"), c.number("padding")
	return value{images: c.Node("MaxPool", attrs{"kernel_shape": []int{k, k}, "strides": []int{s, s}, "pads": []int{pad, pad, pad, pad}}, c.images(0))}
}

func globalAvgPool(c *Call) value {
	return c.whole(c.Node("Flatten", attrs{"axis": 1}, c.Node("GlobalAveragePool", nil, c.images(0))))
}

// adaptiveAvgPool is a product with the shares of rows and columns in each window.
func adaptiveAvgPool(c *Call) value {
	from, to := c.Shape(0), c.Output()
	y := c.Node("MatMul", nil, c.images(0), c.Constant(permuted(shares(from[2], to[2]), 1, 0)))
	return value{images: c.Node("MatMul", nil, c.Constant(shares(from[1], to[1])), y)}
}

// shares [to, from] are those of each of a number of values in means over windows.
func shares(from, to int) *tensor.Tensor {
	x := tensor.New(to, from)
	for i := range to {
		begin, end := i*from/to, ((i+1)*from+to-1)/to
		for j := begin; j < end; j++ {
			x.Data()[i*from+j] = 1 / float32(end-begin)
		}
	}
	return x
}

// shortcutA takes some rows and columns, and adds channels of zeros.
func shortcutA(c *Call) value {
	y, s := c.images(0), c.number("stride")
	if s > 1 {
		y = c.Node("Slice", nil, y, c.Ints(0, 0), c.Ints(math.MaxInt32, math.MaxInt32), c.Ints(2, 3), c.Ints(s, s))
	}
	if more := c.Output()[3] - c.Shape(0)[3]; more > 0 {
		y = c.Node("Pad", nil, y, c.Ints(0, more/2, 0, 0, 0, more-more/2, 0, 0))
	}
	return value{images: y}
}
