package onnx

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// attrs is short for what nodes are written with.
type attrs = autograd.Attributes

// operations are those of this library, by the name that they give to autograd.Op.
var operations map[string]func(c *Call) value

func init() { // the functions below are read by lower, which they call
	operations = map[string]func(c *Call) value{
		"autograd.Add":          same("Add"),
		"autograd.Sub":          same("Sub"),
		"autograd.Mul":          same("Mul"),
		"autograd.AddBroadcast": same("Add"),
		"autograd.MulBroadcast": same("Mul"),
		"autograd.Exp":          same("Exp"),
		"autograd.Log":          same("Log"),
		"nn.ReLU":               same("Relu"),
		"nn.Sigmoid":            same("Sigmoid"),
		"nn.Tanh":               same("Tanh"),
		"nn.GELU":               gelu,
		"nn.GELUTanh":           geluTanh,
		"nn.SiLU":               silu,
		"autograd.Scale":        scale,

		"autograd.Sum":          total("ReduceSum"),
		"autograd.Mean":         total("ReduceMean"),
		"autograd.MatMul":       rows("MatMul", nil),
		"autograd.BatchMatMul":  rows("MatMul", nil),
		"autograd.MatMulT":      rows("Gemm", attrs{"transB": 1}),
		"autograd.BatchMatMulT": batchMatMulT,
		"nn.Linear":             bias,
		"autograd.Concat":       rows("Concat", attrs{"axis": 0}),
		"autograd.Columns":      rows("Concat", attrs{"axis": 1}),
		"autograd.Transpose":    transpose,
		"autograd.Permute":      transpose,
		"autograd.Reshape":      reshape,
		"autograd.Rows":         rowsOf,
		"autograd.Gather":       gather,

		"nn.Softmax":     rows("Softmax", attrs{"axis": 1}),
		"nn.LogSoftmax":  rows("LogSoftmax", attrs{"axis": 1}),
		"nn.LogSumExp":   rows("ReduceLogSumExp", attrs{"axes": []int{1}, "keepdims": 0}),
		"nn.L2Normalize": l2Normalize,
		"nn.LayerNorm":   layerNorm,
		"posthoc.scales": same("Mul"),

		// Those that backbones of ONNX files have besides.
		"onnx.Sqrt":        described("Sqrt"),
		"onnx.Reciprocal":  described("Reciprocal"),
		"onnx.Abs":         described("Abs"),
		"onnx.Erf":         described("Erf"),
		"onnx.Softplus":    described("Softplus"),
		"onnx.HardSwish":   described("HardSwish"),
		"onnx.HardSigmoid": described("HardSigmoid"),
		"onnx.LeakyRelu":   described("LeakyRelu"),
		"onnx.Elu":         described("Elu"),
		"onnx.Clip":        clipped,
		"onnx.Pow":         power,
		"onnx.Slice":       sliced,
		"onnx.Pad":         padded,

		"nn.Conv2d":            conv,
		"nn.ConvBN":            convBN,
		"nn.BatchNorm2d":       batchNorm,
		"nn.MaxPool2d":         maxPool,
		"nn.ShortcutA":         shortcutA,
		"nn.GlobalAvgPool2d":   globalAvgPool,
		"nn.AdaptiveAvgPool2d": adaptiveAvgPool,
	}
}

// same is an operation entry by entry.
func same(op string) func(*Call) value {
	return func(c *Call) value {
		return c.alike(func(in []string) string { return c.Node(op, nil, in...) })
	}
}

// rows is an operation with one node, of inputs as the library has them.
func rows(op string, a attrs) func(*Call) value {
	return func(c *Call) value {
		in := make([]string, c.Inputs())
		for i := range in {
			in[i] = c.Input(i)
		}
		return c.whole(c.Node(op, a, in...))
	}
}

// total reduces over all dimensions.
func total(op string) func(*Call) value { return rows(op, attrs{"keepdims": 0}) }

func scale(c *Call) value {
	by, _ := c.op.Attributes["by"].(float64)
	return c.alike(func(in []string) string { return c.Node("Mul", nil, in[0], c.scalar(by)) })
}

func silu(c *Call) value {
	return c.alike(func(in []string) string { return c.Node("Mul", nil, in[0], c.Node("Sigmoid", nil, in[0])) })
}

// gelu is x·½(1 + erf(x/√2)).
func gelu(c *Call) value {
	return c.alike(func(in []string) string {
		erf := c.Node("Erf", nil, c.Node("Mul", nil, in[0], c.scalar(1/math.Sqrt2)))
		return halfOf(c, in[0], erf)
	})
}

// geluTanh is x·½(1 + tanh(√(2/π)·(x + 0.044715·x³))).
func geluTanh(c *Call) value {
	return c.alike(func(in []string) string {
		x := in[0]
		cube := c.Node("Mul", nil, c.Node("Mul", nil, x, x), x)
		sum := c.Node("Add", nil, x, c.Node("Mul", nil, cube, c.scalar(0.044715)))
		return halfOf(c, x, c.Node("Tanh", nil, c.Node("Mul", nil, sum, c.scalar(math.Sqrt(2/math.Pi)))))
	})
}

// halfOf is x·½(1 + y).
func halfOf(c *Call, x, y string) string {
	return c.Node("Mul", nil, c.Node("Mul", nil, x, c.scalar(0.5)), c.Node("Add", nil, y, c.scalar(1)))
}

func batchMatMulT(c *Call) value {
	order := make([]int, len(c.Shape(1)))
	for i := range order {
		order[i] = i
	}
	slices.Reverse(order[len(order)-2:])
	return c.whole(c.Node("MatMul", nil, c.Input(0), c.Node("Transpose", attrs{"perm": order}, c.Input(1))))
}

// bias joins the product before it, as x·Wᵀ + b.
func bias(c *Call) value {
	from := c.Input(0)
	if n := c.made[from]; n != nil && n.op == "Gemm" && len(n.in) == 2 && c.uses[c.op.In[0]] == 1 {
		n.in = append(n.in, c.Input(1))
		return c.whole(from)
	}
	return c.whole(c.Node("Add", nil, from, c.Input(1)))
}

func transpose(c *Call) value {
	order, _ := c.op.Attributes["order"].([]int)
	return c.whole(c.Node("Transpose", attrs{"perm": order}, c.Input(0)))
}

func reshape(c *Call) value {
	shape, free := c.Output(), 0
	for _, n := range shape {
		if n < 0 {
			free++
		}
	}
	if free > 1 {
		c.fail("%s: %d dimensions of the result depend on the number of images, and ONNX allows one", called(c.op), free)
	}
	return c.whole(c.Node("Reshape", nil, c.Input(0), c.Ints(shape...)))
}

func rowsOf(c *Call) value {
	return c.whole(c.Node("Slice", nil, c.Input(0), c.Ints(c.number("from")), c.Ints(c.number("to")), c.Ints(0)))
}

func gather(c *Call) value {
	rows, _ := c.op.Attributes["rows"].([]int)
	return c.whole(c.Node("Gather", attrs{"axis": 0}, c.Input(0), c.Ints(rows...)))
}

// l2Normalize divides by the norm, or by the least that is divided by.
func l2Normalize(c *Call) value {
	norm := c.Node("ReduceL2", attrs{"axes": []int{1}, "keepdims": 1}, c.Input(0))
	return c.whole(c.Node("Div", nil, c.Input(0), c.Node("Max", nil, norm, c.scalar(nn.NormEpsilon))))
}

func layerNorm(c *Call) value {
	shape := c.Shape(0)
	in := []string{c.Input(0)}
	if at := c.number("weight"); at > 0 {
		in = append(in, c.Input(at))
	} else { // which ONNX has always
		ones := tensor.New(shape[len(shape)-1])
		for i := range ones.Data() {
			ones.Data()[i] = 1
		}
		in = append(in, c.Constant(ones))
	}
	if at := c.number("bias"); at > 0 {
		in = append(in, c.Input(at))
	}
	return c.whole(c.Node("LayerNormalization", attrs{"axis": -1, "epsilon": c.op.Attributes["epsilon"]}, in...))
}
