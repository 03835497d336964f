package onnx

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// importers make steps of nodes, by operator.
var importers map[string]func(k *compiling) runner

func init() { // they are read by what they call
	importers = map[string]func(k *compiling) runner{
		"Conv":               importConv,
		"BatchNormalization": importBatchNorm,
		"Gemm":               importGemm,
		"MatMul":             importMatMul,
		"LayerNormalization": importLayerNorm,

		"Relu":       importRelu,
		"Sigmoid":    entries(nn.Sigmoid),
		"Tanh":       entries(nn.Tanh),
		"Exp":        entries(autograd.Exp),
		"Log":        entries(autograd.Log),
		"Sqrt":       curves(root),
		"Reciprocal": curves(reciprocal),
		"Abs":        curves(func(x float64) (float64, float64) { return math.Abs(x), math.Copysign(1, x) }),
		"Neg":        entries(func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, -1) }),
		"Erf":        curves(func(x float64) (float64, float64) { return math.Erf(x), 2 / math.SqrtPi * math.Exp(-x*x) }),
		"Softplus": curves(func(x float64) (float64, float64) {
			return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))), 1 / (1 + math.Exp(-x))
		}),
		"HardSwish":   curves(hardSwish),
		"HardSigmoid": importHardSigmoid,
		"LeakyRelu":   importLeakyRelu,
		"Elu":         importElu,
		"Gelu":        importGelu,
		"Clip":        importClip,
		"Pow":         importPow,
		"Identity":    entries(func(x *autograd.Var) *autograd.Var { return x }),
		"Dropout":     importDropout,
		"Cast":        importCast,

		"Add": importBinary("Add"),
		"Sub": importBinary("Sub"),
		"Mul": importBinary("Mul"),
		"Div": importBinary("Div"),
		"Max": importMax(true),
		"Min": importMax(false),

		"MaxPool":           importMaxPool,
		"AveragePool":       importAveragePool,
		"GlobalAveragePool": importGlobalAveragePool,
		"Softmax":           importSoftmax(nn.Softmax),
		"LogSoftmax":        importSoftmax(nn.LogSoftmax),
		"ReduceMean":        importReduce("Mean", 18),
		"ReduceSum":         importReduce("Sum", 13),
		"ReduceL2":          importReduce("L2", 18),
		"ReduceLogSumExp":   importReduce("LogSumExp", 18),

		"Reshape":         importReshape,
		"Flatten":         importFlatten,
		"Transpose":       importTranspose,
		"Squeeze":         importSqueeze,
		"Unsqueeze":       importUnsqueeze,
		"Concat":          importConcat,
		"Gather":          importGather,
		"Slice":           importSlice,
		"Pad":             importPad,
		"Shape":           importShape,
		"Expand":          importExpand,
		"ConstantOfShape": importConstantOfShape,
	}
}

// entries is an operation entry by entry, of one input.
func entries(f func(*autograd.Var) *autograd.Var) func(*compiling) runner {
	return func(k *compiling) runner {
		k.inputs(1, 1)
		return func(r *run, in []val) val {
			if in[0].ints != nil {
				r.fail("whole numbers, where others are wanted")
			}
			return r.alike(in[0], f)
		}
	}
}

// curves is entries by a function that gives value and slope, and was made with attributes.
func curves(f func(x float64) (y, slope float64), attributes ...attrs) func(*compiling) runner {
	return func(k *compiling) runner {
		op := k.node.op
		return entries(func(x *autograd.Var) *autograd.Var { return curve(op, x, f, attributes...) })(k)
	}
}

// curve is an operation entry by entry, which is exported again by its name and attributes.
func curve(op string, x *autograd.Var, f func(x float64) (y, slope float64), attributes ...attrs) *autograd.Var {
	y := x.Tape().Scratch(x.Shape()...)
	for i, v := range x.Data() {
		value, _ := f(float64(v))
		y.Data()[i] = float32(value)
	}
	return autograd.Op("onnx."+op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, v := range x.Data() {
			_, slope := f(float64(v))
			gx[0].Data()[i] += gy.Data()[i] * float32(slope)
		}
	}).Describe(func() attrs {
		if len(attributes) > 0 {
			return attributes[0]
		}
		return nil
	})
}

func root(x float64) (y, slope float64) { y = math.Sqrt(x); return y, 0.5 / y }

func reciprocal(x float64) (y, slope float64) { return 1 / x, -1 / (x * x) }

func hardSwish(x float64) (y, slope float64) {
	switch {
	case x <= -3:
		return 0, 0
	case x >= 3:
		return x, 1
	}
	return x * (x + 3) / 6, (2*x + 3) / 6
}

func importHardSigmoid(k *compiling) runner {
	alpha, beta := k.float("alpha", 0.2), k.float("beta", 0.5)
	return curves(func(x float64) (float64, float64) {
		y := alpha*x + beta
		if y <= 0 || y >= 1 {
			return min(max(y, 0), 1), 0
		}
		return y, alpha
	}, attrs{"alpha": alpha, "beta": beta})(k)
}

func importLeakyRelu(k *compiling) runner {
	alpha := k.float("alpha", 0.01)
	return curves(func(x float64) (float64, float64) {
		if x < 0 {
			return alpha * x, alpha
		}
		return x, 1
	}, attrs{"alpha": alpha})(k)
}

func importElu(k *compiling) runner {
	alpha := k.float("alpha", 1)
	return curves(func(x float64) (float64, float64) {
		if x < 0 {
			return alpha * math.Expm1(x), alpha * math.Exp(x)
		}
		return x, 1
	}, attrs{"alpha": alpha})(k)
}

func importGelu(k *compiling) runner {
	switch how := k.text("approximate", "none"); how {
	case "none":
		return entries(nn.GELU)(k)
	case "tanh":
		return entries(nn.GELUTanh)(k)
	default:
		k.fail("approximate %q is not supported", how)
	}
	return nil
}

func importClip(k *compiling) runner {
	low, high := math.Inf(-1), math.Inf(1)
	if k.opset < 11 {
		low, high = k.float("min", low), k.float("max", high)
		k.inputs(1, 1)
	} else if k.inputs(1, 3) {
		low, high = k.number(1, low), k.number(2, high)
		k.only(0)
	}
	return func(r *run, in []val) val { return r.alike(in[0], clip(low, high)) }
}

func clip(low, high float64) func(*autograd.Var) *autograd.Var {
	return func(x *autograd.Var) *autograd.Var {
		return curve("Clip", x, func(x float64) (float64, float64) {
			if x < low || x > high {
				return min(max(x, low), high), 0
			}
			return x, 1
		}, attrs{"low": low, "high": high})
	}
}

// importMax is the larger, or the smaller, of a value and a number.
func importMax(larger bool) func(*compiling) runner {
	return func(k *compiling) runner {
		if !k.inputs(2, 2) {
			return nil
		}
		x, by := 0, 1
		if k.fixed(0) {
			x, by = 1, 0
		}
		limit := k.number(by, 0)
		k.only(x)
		if larger {
			return func(r *run, in []val) val { return r.alike(in[0], clip(limit, math.Inf(1))) }
		}
		return func(r *run, in []val) val { return r.alike(in[0], clip(math.Inf(-1), limit)) }
	}
}

func importPow(k *compiling) runner {
	if !k.inputs(2, 2) {
		return nil
	}
	var p float64
	if a := k.arrays[k.node.in[1]]; a != nil && (a.from.kind == int32s || a.from.kind == int64s) {
		v := k.whole(1)
		if len(v) != 1 {
			k.fail("input 1 must be one number")
			return nil
		}
		p = float64(v[0])
	} else {
		p = k.number(1, 1)
	}
	k.only(0)
	return func(r *run, in []val) val {
		return r.alike(in[0], func(x *autograd.Var) *autograd.Var {
			return curve("Pow", x, func(x float64) (float64, float64) { return math.Pow(x, p), p * math.Pow(x, p-1) }, attrs{"by": p})
		})
	}
}

func importDropout(k *compiling) runner {
	k.float("ratio", 0)
	k.int("seed", 0)
	if !k.inputs(1, 3) {
		return nil
	}
	k.only(0)
	return func(_ *run, in []val) val { return in[0] }
}

// importCast changes nothing between kinds of numbers, and between kinds of whole ones.
func importCast(k *compiling) runner {
	k.inputs(1, 1)
	to := elementKind(k.int("to", 0))
	isWhole := to == int32s || to == int64s
	if !isWhole && to != float32s && to != float16s && to != float64s && to != bfloat16s {
		k.fail("to ONNX's type %d is not supported", to)
	}
	return func(r *run, in []val) val {
		switch x := in[0]; {
		case x.ints != nil && isWhole || x.v != nil && !isWhole:
			return x
		case x.ints != nil:
			y := tensor.New(x.ints.shape...)
			for i, n := range x.ints.v {
				y.Data()[i] = float32(n)
			}
			return val{v: r.tape.Const(y)}
		}
		r.fail("numbers that are computed to whole ones is not supported")
		return val{}
	}
}

func importBinary(op string) func(*compiling) runner {
	return func(k *compiling) runner {
		if !k.inputs(2, 2) {
			return nil
		}
		for i := range 2 { // weights of a layer, not a normalisation of the input
			if other := k.node.in[1-i]; k.fixed(i) && k.behind[other] && (op == "Add" || op == "Mul") {
				if a := k.arrays[k.node.in[i]].from; a.kind == float32s && len(a.dims) > 0 {
					if err := k.train(a.name); err != nil {
						k.fail("%w", err)
					}
				}
			}
		}
		return func(r *run, in []val) val {
			if in[0].ints != nil && in[1].ints != nil {
				return r.wholeBinary(op, in[0].ints, in[1].ints)
			}
			a, b, first := r.together(in[0], in[1])
			r.room(stretched(a.Shape(), b.Shape())...)
			return val{v: combine(op, a, b), first: first}
		}
	}
}

// together gives two values an order of dimensions in which one stretches to the other.
func (r *run) together(x, y val) (a, b *autograd.Var, first bool) {
	if !x.first && !y.first {
		return r.plain(x), r.plain(y), false
	}
	for _, v := range []*val{&x, &y} {
		s := r.plainShape(*v)
		switch {
		case len(s) > 4:
			return r.plain(x), r.plain(y), false
		case len(s) < 4:
			v.v = reshaped(r.plain(*v), append(slices.Repeat([]int{1}, 4-len(s)), s...)...)
			v.first = false
		}
	}
	return r.images(x), r.images(y), true
}

func (r *run) plainShape(v val) tensor.Shape {
	if v.v == nil {
		r.plain(v)
	}
	return v.shape()
}

// stretched is at least as large as what shapes stretch to.
func stretched(a, b tensor.Shape) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	s := slices.Clone(a)
	for i, n := range b {
		at := len(a) - len(b) + i
		s[at] = max(s[at], n)
	}
	return s
}

func combine(op string, a, b *autograd.Var) *autograd.Var {
	if op == "Div" {
		op, b = "Mul", curve("Reciprocal", b, reciprocal)
	}
	same := a.Shape().Equal(b.Shape())
	switch {
	case op == "Add" && same:
		return autograd.Add(a, b)
	case op == "Sub" && same:
		return autograd.Sub(a, b)
	case op == "Mul" && same:
		return autograd.Mul(a, b)
	case op == "Add":
		return autograd.AddBroadcast(a, b)
	case op == "Sub":
		return autograd.AddBroadcast(a, autograd.Scale(b, -1))
	}
	return autograd.MulBroadcast(a, b)
}

// wholeBinary computes with shapes.
func (r *run) wholeBinary(op string, a, b *wholes) val {
	if len(a.v) != len(b.v) && len(a.v) != 1 && len(b.v) != 1 || len(a.v) == 0 || len(b.v) == 0 {
		r.fail("whole numbers of shapes %v and %v", a.shape, b.shape)
	}
	long := a
	if len(b.v) > len(a.v) || len(b.shape) > len(a.shape) {
		long = b
	}
	y := &wholes{make([]int64, len(long.v)), long.shape}
	for i := range y.v {
		p, q := a.v[i%len(a.v)], b.v[i%len(b.v)]
		switch {
		case op == "Add":
			y.v[i] = p + q
		case op == "Sub":
			y.v[i] = p - q
		case op == "Mul":
			y.v[i] = p * q
		case q == 0:
			r.fail("division by 0")
		default:
			y.v[i] = p / q
		}
	}
	return val{ints: y}
}
