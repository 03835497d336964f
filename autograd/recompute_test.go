package autograd_test

import (
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

type function = func(*autograd.Var) *autograd.Var

// plainly is what Recompute is compared with.
func plainly(x *autograd.Var, f function) *autograd.Var { return f(x) }

// noise is a random multiple of x.
func noise(x *autograd.Var) *autograd.Var { return autograd.Scale(x, x.Tape().Rand().Float64()) }

// outcome runs a program of parameters w and v and returns every number it leads to.
func outcome(program func(run func(*autograd.Var, function) *autograd.Var, w, v *autograd.Var) *autograd.Var,
	run func(*autograd.Var, function) *autograd.Var, frozen bool) map[string][]float32 {
	w, v := autograd.NewParam(gradtest.Normal(1, 1, 4, 4)), autograd.NewParam(gradtest.Normal(2, 1, 4, 4))
	v.Frozen = frozen
	t := autograd.NewTape(autograd.Mode{Train: true, Seed: 5})
	out := map[string][]float32{}
	for range 2 { // the second step has the memory of the first
		w.ZeroGrad()
		v.ZeroGrad()
		t.Reset(autograd.Mode{Train: true, Seed: 5})
		y := autograd.Sum(program(run, t.Param(w), t.Param(v)))
		out["value"] = slices.Clone(y.Data())
		out["drawn"] = []float32{t.Rand().Float32()}
		out["multiply-adds"] = []float32{float32(t.MACs())}
		t.Backward(y, nil)
		t.Commit()
	}
	out["w"] = slices.Clone(w.Grad.Data())
	if v.Grad != nil {
		out["v"] = slices.Clone(v.Grad.Data())
	}
	return out
}

func TestRecomputeIsEqualToTheBit(t *testing.T) {
	type runner = func(*autograd.Var, function) *autograd.Var
	for name, program := range map[string]func(run runner, w, v *autograd.Var) *autograd.Var{
		"a value used inside and outside": func(run runner, w, v *autograd.Var) *autograd.Var {
			x := autograd.Exp(autograd.MatMul(w, v))
			y := run(x, func(x *autograd.Var) *autograd.Var {
				return autograd.Add(autograd.Mul(x, autograd.Scale(x, 0.3)), autograd.Exp(x))
			})
			return autograd.Mul(autograd.Add(y, x), autograd.Exp(autograd.Scale(x, -1)))
		},
		"two in a row, with randomness before, within and behind": func(run runner, w, v *autograd.Var) *autograd.Var {
			x := noise(autograd.MatMul(w, v))
			for range 2 {
				x = run(x, func(x *autograd.Var) *autograd.Var { return autograd.Mul(noise(x), noise(noise(x))) })
			}
			return noise(x)
		},
		"one in another": func(run runner, w, v *autograd.Var) *autograd.Var {
			return run(autograd.MatMul(w, v), func(x *autograd.Var) *autograd.Var {
				y := noise(run(x, func(x *autograd.Var) *autograd.Var { return autograd.Mul(noise(x), noise(autograd.Exp(x))) }))
				return autograd.Add(autograd.Exp(y), run(y, noise))
			})
		},
		"of a parameter": func(run runner, w, v *autograd.Var) *autograd.Var { return autograd.Add(run(w, autograd.Exp), v) },
		"nothing": func(run runner, w, v *autograd.Var) *autograd.Var {
			return run(autograd.Mul(w, v), func(x *autograd.Var) *autograd.Var { return x })
		},
		"another view": func(run runner, w, v *autograd.Var) *autograd.Var {
			return run(autograd.Mul(w, v), func(x *autograd.Var) *autograd.Var { return autograd.Reshape(x, 16) })
		},
		"rows of a result": func(run runner, w, v *autograd.Var) *autograd.Var {
			return run(autograd.Mul(w, v), func(x *autograd.Var) *autograd.Var { return autograd.Rows(autograd.Exp(x), 1, 3) })
		},
		"no rows": func(run runner, w, v *autograd.Var) *autograd.Var {
			return run(autograd.Mul(w, v), func(x *autograd.Var) *autograd.Var { return autograd.Rows(autograd.Exp(x), 1, 1) })
		},
		"without its argument": func(run runner, w, v *autograd.Var) *autograd.Var {
			return autograd.Add(w, run(autograd.Exp(v), func(x *autograd.Var) *autograd.Var { return x.Tape().Const(tensor.New(4, 4)) }))
		},
		"of what has no gradient": func(run runner, w, v *autograd.Var) *autograd.Var {
			return autograd.Add(w, run(w.Tape().Const(v.Value()), autograd.Exp))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, frozen := range []bool{false, true} {
				require.Equal(t, outcome(program, plainly, frozen), outcome(program, autograd.Recompute, frozen), "frozen %v", frozen)
			}
		})
	}
}

func TestRecomputeReachesParametersOfTheFunction(t *testing.T) {
	gradient := func(run func(*autograd.Var, function) *autograd.Var) []float32 {
		p := autograd.NewParam(gradtest.Normal(1, 1, 3, 3))
		tape := autograd.NewTape(autograd.Mode{})
		x := tape.Const(gradtest.Normal(2, 1, 3, 3))
		product := func(x *autograd.Var) *autograd.Var { return autograd.MatMul(x, x.Tape().Param(p)) }
		y := run(run(product(x), product), product)
		require.True(t, y.NeedsGrad())
		tape.Backward(autograd.Sum(y), nil)
		return p.Grad.Data()
	}
	require.Equal(t, gradient(plainly), gradient(autograd.Recompute))
}

func TestRecomputeRegistersOnce(t *testing.T) {
	var calls []string
	tape := autograd.NewTape(autograd.Mode{Train: true})
	call := func(name string) function {
		return func(x *autograd.Var) *autograd.Var {
			x.Tape().AfterStep(func() { calls = append(calls, name) })
			return autograd.Exp(x)
		}
	}
	x := tape.Param(autograd.NewParam(gradtest.Normal(1, 1, 2)))
	y := call("c")(autograd.Recompute(call("a")(x), call("b")))
	tape.Backward(autograd.Sum(y), nil)
	tape.Commit()
	require.Equal(t, []string{"a", "b", "c"}, calls)
}

func TestRecomputeTakesLessMemory(t *testing.T) {
	const n, parts, each = 1000, 5, 5
	p := autograd.NewParam(gradtest.Normal(1, 0.1, n))
	peak := func(m autograd.Mode, run func(*autograd.Var, function) *autograd.Var) int64 {
		tape := autograd.NewTape(m)
		x := tape.Param(p)
		for range parts {
			x = run(x, func(x *autograd.Var) *autograd.Var {
				for range each {
					x = autograd.Exp(autograd.Scale(x, -1))
				}
				return x
			})
		}
		if !m.NoGrad {
			tape.Backward(autograd.Sum(x), nil)
		}
		return tape.PeakBytes() / (4 * n)
	}
	require.EqualValues(t, parts*each*2+2, peak(autograd.Mode{}, plainly), "and two gradients")
	require.LessOrEqual(t, peak(autograd.Mode{}, autograd.Recompute), int64(parts+each*2+2))
	require.EqualValues(t, parts*each*2, peak(autograd.Mode{NoGrad: true}, plainly))
	require.LessOrEqual(t, peak(autograd.Mode{NoGrad: true}, autograd.Recompute), int64(parts+each*2))
}

func TestRecomputeMisuse(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	x := tape.Param(autograd.NewParam(gradtest.Normal(1, 1, 2)))
	fails := func(detail string, f func()) {
		t.Helper()
		require.ErrorContains(t, tensor.Try(func() error { f(); return nil }), detail)
	}
	fails("must return a value that it computed", func() { autograd.Recompute(x, func(*autograd.Var) *autograd.Var { return nil }) })
	fails("must return a value that it computed", func() { autograd.Recompute(x, func(*autograd.Var) *autograd.Var { return x }) })
	fails("different tapes", func() { autograd.Recompute(x, func(y *autograd.Var) *autograd.Var { return autograd.Add(x, y) }) })
	var kept *autograd.Var
	autograd.Recompute(x, func(x *autograd.Var) *autograd.Var { kept = autograd.Exp(x); return x })
	fails("earlier step", func() { kept.Value() })
	calls := 0
	y := autograd.Recompute(x, func(x *autograd.Var) *autograd.Var {
		calls++
		return autograd.Rows(x, 0, 3-calls)
	})
	fails("another shape the second time", func() { tape.Backward(autograd.Sum(y), nil) })
	tape.Reset(autograd.Mode{})
	fails("earlier step", func() { autograd.Recompute(x, autograd.Exp) })
}
