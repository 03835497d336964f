package onnx

import (
	"math"

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
