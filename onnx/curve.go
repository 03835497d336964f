package onnx

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

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
