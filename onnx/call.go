package onnx

import (
	"strings"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Operation writes the ONNX nodes of an operation of yours, and returns the name of the output, which must have the
// operation's shape. Values that are images are [N, H, W, C]; ONNX's convolutions and pools take [N, C, H, W], so that they
// need nodes Transpose around them.
type Operation func(c *Call) (output string, err error)

// Call is an operation that a network ran, for an Operation to write.
type Call struct {
	*lowering
	op autograd.Traced
}

// Attributes are those that the operation was described with, see autograd.Var.Describe.
func (c *Call) Attributes() autograd.Attributes { return c.op.Attributes }

// Inputs is the number of inputs.
func (c *Call) Inputs() int { return len(c.op.In) }

// Input returns the name of input i in the graph.
func (c *Call) Input(i int) string { return c.rows(c.value(c.op.In[i])) }

// Shape returns the dimensions of input i. One that depends on the number of images is −1.
func (c *Call) Shape(i int) tensor.Shape { return c.shape(c.op.In[i]) }

// Output returns the dimensions of the result, as Shape does.
func (c *Call) Output() tensor.Shape { return c.shape(c.op.Out) }

// Constant writes values that are fixed, and returns their name.
func (c *Call) Constant(x *tensor.Tensor) string {
	return c.constant(join(c.prefix(c.op), "constant"), x)
}

// Ints writes a vector of whole numbers (int64), such as a shape or axes, and returns its name.
func (c *Call) Ints(v ...int) string { return c.ints(v...) }

// Node writes a node of ONNX's operator op, of opset 17, and returns the name of its only output. Attributes are int,
// float64, string, []int or []float64.
func (c *Call) Node(op string, attributes autograd.Attributes, in ...string) string {
	return c.node(c.prefix(c.op), op, attributes, in...)
}

func (c *lowering) shape(v *autograd.Var) tensor.Shape {
	s := append(tensor.Shape{}, v.Shape()...)
	for i := range s {
		if c.other[v].Dim(i) != s[i] {
			s[i] = -1
		}
	}
	return s
}

// prefix is the path of the layer whose parameters an operation has, or "".
func (c *lowering) prefix(op autograd.Traced) string {
	for _, v := range op.In {
		if path := c.paths[v.Param()]; path != "" {
			return path[:max(strings.LastIndexByte(path, '.'), 0)]
		}
	}
	return ""
}

func (c *Call) in(i int) *value { return c.value(c.op.In[i]) }

func (c *Call) number(name string) int { n, _ := c.op.Attributes[name].(int); return n }

// scalar writes one number.
func (c *Call) scalar(v float64) string { return c.Constant(tensor.Scalar(float32(v))) }

// whole makes a result of nodes that take inputs as the library has them.
func (c *Call) whole(name string) value { return value{rows: name} }

// alike makes a result of nodes that do not care for the order of dimensions: images stay channels first where they are so.
func (c *Call) alike(write func(in []string) string) value {
	first := false
	for _, v := range c.op.In {
		x := c.value(v)
		if x.constant == nil && len(v.Shape()) != 4 {
			first = false
			break
		}
		first = first || x.images != ""
	}
	in := make([]string, len(c.op.In))
	for i := range in {
		if first {
			in[i] = c.channelsFirst(c.in(i))
		} else {
			in[i] = c.rows(c.in(i))
		}
	}
	if first {
		return value{images: write(in)}
	}
	return value{rows: write(in)}
}
