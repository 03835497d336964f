package autograd_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

type vars = []*autograd.Var

// each applies f to entries of a and b in float64.
func each(f func(a, b float64) float64) func(in [][]float64) []float64 {
	return func(in [][]float64) []float64 {
		y := make([]float64, len(in[0]))
		for i, a := range in[0] {
			b := 0.0
			if len(in) > 1 {
				b = in[1][i]
			}
			y[i] = f(a, b)
		}
		return y
	}
}

func positive(x *tensor.Tensor) *tensor.Tensor {
	for i, v := range x.Data() {
		x.Data()[i] = float32(math.Abs(float64(v))) + 0.5
	}
	return x
}

func TestGradients(t *testing.T) {
	a, b := gradtest.Normal(1, 1, 3, 4), gradtest.Normal(2, 1, 3, 4)
	m := gradtest.Normal(3, 1, 4, 5)
	product := func(trans bool) func(in [][]float64) []float64 {
		return func(in [][]float64) []float64 { // [3,4]·[4,5], or [3,4]·[5,4]ᵀ
			y := make([]float64, 15)
			for i := range 3 {
				for j := range 5 {
					for k := range 4 {
						w := in[1][k*5+j]
						if trans {
							w = in[1][j*4+k]
						}
						y[i*5+j] += in[0][i*4+k] * w
					}
				}
			}
			return y
		}
	}
	pick := func(rows ...int) func(in [][]float64) []float64 {
		return func(in [][]float64) (y []float64) {
			for _, r := range rows {
				y = append(y, in[0][r*4:r*4+4]...)
			}
			return y
		}
	}
	for name, c := range map[string]gradtest.Case{
		"Add": {Inputs: []*tensor.Tensor{a, b}, Reference: each(func(a, b float64) float64 { return a + b }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Add(in[0], in[1]) }},
		"Sub": {Inputs: []*tensor.Tensor{a, b}, Reference: each(func(a, b float64) float64 { return a - b }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Sub(in[0], in[1]) }},
		"Mul": {Inputs: []*tensor.Tensor{a, b}, Reference: each(func(a, b float64) float64 { return a * b }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Mul(in[0], in[1]) }},
		"square by the same input twice": {Inputs: []*tensor.Tensor{a}, Reference: each(func(a, _ float64) float64 { return a * a }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Mul(in[0], in[0]) }},
		"sum of the same input twice": {Inputs: []*tensor.Tensor{a}, Reference: each(func(a, _ float64) float64 { return 2 * a }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Add(in[0], in[0]) }},
		"input that is handed a gradient and used elsewhere": {Inputs: []*tensor.Tensor{a}, Reference: each(func(a, _ float64) float64 { return a*a + a + 3*a }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var {
				x := autograd.Scale(in[0], 1) // not a leaf, whose gradient is summed in place
				return autograd.Add(autograd.Add(x, autograd.Mul(x, x)), autograd.Reshape(autograd.Scale(x, 3), 3, 4))
			}},
		"Scale": {Inputs: []*tensor.Tensor{a}, Reference: each(func(a, _ float64) float64 { return -2.5 * a }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Scale(in[0], -2.5) }},
		"Exp": {Inputs: []*tensor.Tensor{a}, Reference: each(func(a, _ float64) float64 { return math.Exp(a) }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Exp(in[0]) }},
		"Log": {Inputs: []*tensor.Tensor{positive(gradtest.Normal(5, 1, 3, 4))}, Reference: each(func(a, _ float64) float64 { return math.Log(a) }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Log(in[0]) }},
		"Sum": {Inputs: []*tensor.Tensor{a}, Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Sum(in[0]) },
			Reference: func(in [][]float64) []float64 {
				s := 0.0
				for _, v := range in[0] {
					s += v
				}
				return []float64{s}
			}},
		"Mean": {Inputs: []*tensor.Tensor{a}, Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Mean(in[0]) },
			Reference: func(in [][]float64) []float64 {
				s := 0.0
				for _, v := range in[0] {
					s += v / 12
				}
				return []float64{s}
			}},
		"MatMul": {Inputs: []*tensor.Tensor{a, m}, Reference: product(false),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.MatMul(in[0], in[1]) }},
		"MatMulT": {Inputs: []*tensor.Tensor{a, m.Reshape(5, 4)}, Reference: product(true),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.MatMulT(in[0], in[1]) }},
		"Reshape": {Inputs: []*tensor.Tensor{a}, Reference: pick(0, 1, 2),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Reshape(in[0], 2, 6) }},
		"Rows": {Inputs: []*tensor.Tensor{a}, Reference: pick(1, 2),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Rows(in[0], 1, 3) }},
		"Gather": {Inputs: []*tensor.Tensor{a}, Reference: pick(2, 0, 2),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Gather(in[0], []int{2, 0, 2}) }},
		"Concat": {Inputs: []*tensor.Tensor{a, b}, Reference: func(in [][]float64) []float64 {
			return append(append([]float64{}, in[0]...), in[1]...)
		}, Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Concat(in[0], in[1]) }},
		"Columns": {Inputs: []*tensor.Tensor{a, positive(gradtest.Normal(6, 1, 3, 1))}, Reference: func(in [][]float64) (y []float64) {
			for r := range 3 {
				y = append(append(append(y, in[0][4*r:4*r+4]...), in[1][r]), in[0][4*r:4*r+4]...)
			}
			return y
		}, Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Columns(in[0], in[1], in[0]) }},
	} {
		t.Run(name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}

func TestBackwardAddsToParamsAndSkipsFrozen(t *testing.T) {
	p, frozen := autograd.NewParam(gradtest.Normal(1, 1, 3)), autograd.NewParam(gradtest.Normal(2, 1, 3))
	frozen.Frozen = true
	tape := autograd.NewTape(autograd.Mode{})
	for range 2 {
		tape.Reset(autograd.Mode{})
		tape.Backward(autograd.Sum(autograd.Mul(tape.Param(p), tape.Param(frozen))), nil)
	}
	require.Nil(t, frozen.Grad)
	for i, g := range p.Grad.Data() {
		require.InDelta(t, 2*frozen.Value.Data()[i], g, 1e-6)
	}
	p.ZeroGrad()
	require.Equal(t, make([]float32, 3), p.Grad.Data())
}

// Gradient caching: the gradient of a loss of the embedding, computed on one tape, continues on another.
func TestBackwardFromAGivenGradient(t *testing.T) {
	w, x := autograd.NewParam(gradtest.Normal(1, 1, 4, 3)), gradtest.Normal(2, 1, 5, 3)
	whole := autograd.NewTape(autograd.Mode{})
	z := autograd.MatMulT(whole.Const(x), whole.Param(w))
	whole.Backward(autograd.Sum(autograd.Mul(z, z)), nil)
	want := w.Grad.Clone()

	w.ZeroGrad()
	cached := autograd.NewTape(autograd.Mode{})
	z = autograd.MatMulT(cached.Const(x), cached.Param(w))
	gz := z.Value().Clone()
	for i := range gz.Data() {
		gz.Data()[i] *= 2
	}
	before := gz.Clone()
	cached.Backward(z, gz)
	require.InDeltaSlice(t, want.Data(), w.Grad.Data(), 1e-5)
	require.Equal(t, before.Data(), gz.Data(), "the caller's gradient stays as it was")
}

func TestMisuse(t *testing.T) {
	tape, other := autograd.NewTape(autograd.Mode{}), autograd.NewTape(autograd.Mode{})
	a, b := tape.Const(tensor.New(2, 3)), tape.Const(tensor.New(3, 3))
	p := autograd.NewParam(tensor.New(4, 5))
	p.Name = "classifier.weight"
	stale := other.Const(tensor.New(1))
	other.Reset(autograd.Mode{})
	done := autograd.NewTape(autograd.Mode{})
	y := autograd.Sum(done.Const(tensor.New(2)))
	done.Backward(y, nil)
	for want, fn := range map[string]func(){
		"autograd.Add [2 3], [3 3]: shapes differ":                                                      func() { autograd.Add(a, b) },
		"autograd.MatMulT (classifier.weight) [2 3], [4 5]: not matrices with a common inner dimension": func() { autograd.MatMulT(a, tape.Param(p)) },
		"Var.Tape [1]: this Var belongs to an earlier step: its tape has been reset":                    func() { autograd.Scale(stale, 1) },
		"Tape.Backward [2 3]: needs a gradient unless it holds one value":                               func() { tape.Backward(a, nil) },
		"Tape.Backward [2 3], [3 2]: the gradient must have the value's shape":                          func() { tape.Backward(a, tensor.New(3, 2)) },
		"Tape.Backward: has already run on this step: Reset first, and sum losses into one":             func() { done.Backward(y, nil) },
		"autograd.Concat [2 3], [2 2]: needs equal dimensions after the first, and at least one":        func() { autograd.Concat(a, tape.Const(tensor.New(2, 2))) },
		"Tape.Backward []: the value is on another tape":                                                func() { other.Backward(y, nil) },
		"autograd.Concat [], []: needs equal dimensions after the first, and at least one":              func() { autograd.Concat(y, y) },
		"autograd.Concat: nothing to join":                                                              func() { autograd.Concat() },
		"autograd.Columns: nothing to join":                                                             func() { autograd.Columns() },
		"autograd.Columns [2 3], [3 3]: needs matrices of equally many rows":                            func() { autograd.Columns(a, b) },
		"autograd.Columns [], []: needs matrices of equally many rows":                                  func() { autograd.Columns(y) },
		"autograd.Gather [2 3]: no row 2":                                                               func() { autograd.Gather(a, []int{2}) },
		"mine: an operation needs an input to know its tape; use Tape.Const":                            func() { autograd.Op("mine", tensor.New(1), nil, nil) },
		"autograd.Sub [2 3], [2 3]: the inputs are on different tapes":                                  func() { autograd.Sub(a, other.Const(tensor.New(2, 3))) },
		"tensor.Rows [2 3]: no rows 1 to 3":                                                             func() { autograd.Rows(a, 1, 3) },
		"tensor.Reshape [2 3], [5]: 6 values do not fill a shape of 5":                                  func() { autograd.Reshape(a, 5) },
	} {
		require.EqualError(t, tensor.Try(func() error { fn(); return nil }), want)
	}
}

func TestNoGradRecordsNothing(t *testing.T) {
	p := autograd.NewParam(tensor.New(2))
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	y := autograd.Sum(tape.Param(p))
	require.False(t, y.NeedsGrad())
	tape.Backward(y, nil)
	require.Nil(t, p.Grad)
}

func TestWeightsStandInForValues(t *testing.T) {
	p, buffer := autograd.NewParam(gradtest.Normal(1, 1, 2)), gradtest.Normal(2, 1, 2)
	kept := autograd.Snapshot(p.Value, buffer)
	want, wantBuffer := p.Value.Clone(), buffer.Clone()
	p.Value.Zero()
	buffer.Zero()
	tape := autograd.NewTape(autograd.Mode{Weights: kept})
	require.Equal(t, want.Data(), tape.Param(p).Data())
	require.Equal(t, wantBuffer.Data(), tape.Buffer(buffer).Data())
	other := tensor.New(1)
	require.Same(t, other, tape.Buffer(other))
	require.Nil(t, kept.Of(other))
}

func TestUpdatesWaitForCommit(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	n := 0
	tape.AfterStep(func() { n++ })
	tape.Reset(autograd.Mode{})
	tape.Commit()
	require.Zero(t, n, "reset discards")
	tape.AfterStep(func() { n++ })
	tape.Commit()
	tape.Commit()
	require.Equal(t, 1, n, "commit runs once")
}

func TestRandComesFromTheSeed(t *testing.T) {
	draw := func(seed uint64) uint64 { return autograd.NewTape(autograd.Mode{Seed: seed}).Rand().Uint64() }
	require.Equal(t, draw(1), draw(1))
	require.NotEqual(t, draw(1), draw(2))
}

// A steady step takes its memory from the step before.
func TestStepsReuseMemory(t *testing.T) {
	p := autograd.NewParam(gradtest.Normal(1, 0.1, 256, 256))
	x := gradtest.Normal(2, 1, 256, 256)
	tape := autograd.NewTape(autograd.Mode{})
	step := func() {
		tape.Reset(autograd.Mode{})
		y := tape.Const(x)
		for range 8 {
			y = autograd.Mul(y, tape.Param(p))
		}
		tape.Backward(autograd.Mean(y), nil)
	}
	step()
	step()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 3 {
		step()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256*256*4), "less than one matrix in three steps")
}

// Memory of sizes that are asked for no more is given up, so that batches of many sizes do not pile up.
func TestUnusedMemoryIsGivenUp(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	for i := range 100 {
		tape.Reset(autograd.Mode{})
		tape.Tensor(1<<16 + i)
	}
	runtime.GC()
	runtime.GC() // pools of other packages keep their memory for one collection
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	require.Less(t, after.HeapAlloc, uint64(100<<16*4/4), "a quarter of what was asked for")
	runtime.KeepAlive(tape)
}
