package nn_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

var training = autograd.Mode{Train: true}

func normalParam(seed uint64, std float64, shape ...int) *autograd.Param {
	return autograd.NewParam(gradtest.Normal(seed, std, shape...))
}

// unary is the case of a function of one input.
func unary(x *tensor.Tensor, f func(*autograd.Var) *autograd.Var, reference func(x []float64) []float64) gradtest.Case {
	return gradtest.Case{Inputs: []*tensor.Tensor{x},
		Forward:   func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return f(in[0]) },
		Reference: func(in [][]float64) []float64 { return reference(in[0]) }}
}

// layer is the case of a module of one input with the given parameters.
func layer(x *tensor.Tensor, m nn.Module, reference func(in [][]float64) []float64, params ...*autograd.Param) gradtest.Case {
	return gradtest.Case{Inputs: []*tensor.Tensor{x}, Params: params, Reference: reference,
		Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return m.Forward(in[0]) }}
}

func TestRowGradients(t *testing.T) {
	x := gradtest.Normal(1, 1, 4, 7)
	rowwise := func(f func(row []float64) []float64) func(x []float64) []float64 {
		return func(x []float64) []float64 { return rows64(x, 7, f) }
	}
	for name, c := range map[string]gradtest.Case{
		"ReLU": unary(awayFromZero(2, 4, 7), nn.ReLU, relu64),
		"Sigmoid": unary(x, nn.Sigmoid, func(x []float64) []float64 {
			return each64(x, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) })
		}),
		"Tanh": unary(x, nn.Tanh, func(x []float64) []float64 { return each64(x, math.Tanh) }),
		"Softmax": unary(x, nn.Softmax, rowwise(func(row []float64) []float64 {
			l := logSumExp64(row)
			return each64(row, func(v float64) float64 { return math.Exp(v - l) })
		})),
		"LogSoftmax": unary(x, nn.LogSoftmax, rowwise(func(row []float64) []float64 {
			l := logSumExp64(row)
			return each64(row, func(v float64) float64 { return v - l })
		})),
		"LogSumExp":   unary(x, nn.LogSumExp, rowwise(func(row []float64) []float64 { return []float64{logSumExp64(row)} })),
		"L2Normalize": unary(x, nn.L2Normalize, rowwise(normalize64)),
	} {
		t.Run(name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}

// Losses mask a sample's own entry by adding −Inf.
func TestLogSumExpOfMaskedEntries(t *testing.T) {
	mask := tensor.New(3, 4)
	for _, i := range []int{0, 5, 6, 8, 9, 11} { // the last row keeps one entry
		mask.Data()[i] = float32(math.Inf(-1))
	}
	gradtest.Check(t, gradtest.Case{Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 3, 4)},
		Forward: func(tape *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return nn.LogSumExp(autograd.Add(in[0], tape.Const(mask)))
		},
		Reference: func(in [][]float64) (y []float64) {
			for r := range 3 {
				var kept []float64
				for i := 4 * r; i < 4*r+4; i++ {
					if mask.Data()[i] == 0 {
						kept = append(kept, in[0][i])
					}
				}
				y = append(y, logSumExp64(kept))
			}
			return y
		}})
}

func TestLinearGradients(t *testing.T) {
	x := gradtest.Normal(1, 1, 5, 6)
	w, b := normalParam(2, 1, 3, 6), normalParam(3, 1, 3)
	plain := func(in [][]float64) []float64 { return linear64(in[0], in[1], nil, 6) }
	biased := func(in [][]float64) []float64 { return linear64(in[0], in[1], in[2], 6) }
	cosine := func(scale float64) func(in [][]float64) []float64 {
		return func(in [][]float64) []float64 {
			y := linear64(rows64(in[0], 6, normalize64), rows64(in[1], 6, normalize64), nil, 6)
			return each64(y, func(v float64) float64 { return scale * v })
		}
	}
	for name, c := range map[string]gradtest.Case{
		"with bias":       layer(x, &nn.Linear{Weight: w, Bias: b}, biased, w, b),
		"without bias":    layer(x, &nn.Linear{Weight: w}, plain, w),
		"cosine":          layer(x, &nn.Cosine{Weight: w}, cosine(1), w),
		"cosine times 16": layer(x, &nn.Cosine{Weight: w, Scale: 16}, cosine(16), w),
	} {
		t.Run(name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}

func TestConvGradients(t *testing.T) {
	for name, c := range map[string]struct {
		x, w        tensor.Shape
		stride, pad int
		bias        bool
	}{
		"1x1":                          {tensor.Shape{2, 3, 4, 3}, tensor.Shape{1, 1, 3, 4}, 1, 0, false},
		"1x1 of many channels":         {tensor.Shape{1, 3, 3, 16}, tensor.Shape{1, 1, 16, 17}, 1, 0, false},
		"1x1 stride 2 bias":            {tensor.Shape{2, 5, 4, 3}, tensor.Shape{1, 1, 3, 2}, 2, 0, true},
		"3x3 same":                     {tensor.Shape{2, 5, 6, 3}, tensor.Shape{3, 3, 3, 4}, 1, 1, false},
		"3x3 unpadded bias":            {tensor.Shape{1, 4, 5, 2}, tensor.Shape{3, 3, 2, 3}, 1, 0, true},
		"3x3 stride 2":                 {tensor.Shape{2, 6, 5, 2}, tensor.Shape{3, 3, 2, 3}, 2, 1, false},
		"5x5 same bias":                {tensor.Shape{1, 6, 5, 2}, tensor.Shape{5, 5, 2, 2}, 1, 2, true},
		"5x5 stride 2":                 {tensor.Shape{1, 7, 7, 2}, tensor.Shape{5, 5, 2, 2}, 2, 2, false},
		"1x3 kernel":                   {tensor.Shape{1, 4, 5, 2}, tensor.Shape{1, 3, 2, 2}, 1, 0, false},
		"stride 3 leaves pixels out":   {tensor.Shape{1, 6, 6, 1}, tensor.Shape{2, 2, 1, 2}, 3, 0, false},
		"an image as small as padding": {tensor.Shape{1, 1, 1, 2}, tensor.Shape{3, 3, 2, 2}, 1, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			conv := &nn.Conv2d{Weight: normalParam(2, 0.5, c.w...), Stride: c.stride, Padding: c.pad}
			params := []*autograd.Param{conv.Weight}
			if c.bias {
				conv.Bias = normalParam(3, 1, c.w[3])
				params = append(params, conv.Bias)
			}
			gradtest.Check(t, layer(gradtest.Normal(1, 1, c.x...), conv, func(in [][]float64) []float64 {
				var bias []float64
				if c.bias {
					bias = in[2]
				}
				return conv64(in[0], in[1], bias, c.x, c.w, c.stride, c.pad)
			}, params...))
		})
	}
}

// randomNorm is a batch norm none of whose parameters and statistics is at its start.
func randomNorm(channels int) *nn.BatchNorm2d {
	b := nn.NewBatchNorm2d(channels)
	b.Weight, b.Bias = autograd.NewParam(awayFromZero(11, channels)), normalParam(12, 1, channels)
	b.RunningMean.CopyFrom(gradtest.Normal(13, 1, channels))
	for i, v := range gradtest.Normal(14, 1, channels).Data() {
		b.RunningVar.Data()[i] = v*v + 0.5
	}
	return b
}

// normMode is a way that batch norm may work.
type normMode struct {
	autograd.Mode
	frozen bool // its statistics
}

var normModes = map[string]normMode{
	"training": {training, false}, "evaluation": {}, "training with frozen statistics": {training, true},
}

// freeze sets whether the statistics of m are frozen.
func (n normMode) freeze(t testing.TB, m nn.Visitable) {
	change := nn.UnfreezeStatistics
	if n.frozen {
		change = nn.FreezeStatistics
	}
	_, err := change(m, "**")
	require.NoError(t, err)
}

// norm64 is the reference of b in the given mode.
func norm64(b *nn.BatchNorm2d, m normMode) func(x, gamma, beta []float64) []float64 {
	return func(x, gamma, beta []float64) []float64 {
		if m.Train && !m.frozen {
			return bn64(x, gamma, beta, nil, nil)
		}
		return bn64(x, gamma, beta, widen(b.RunningMean), widen(b.RunningVar))
	}
}

func TestBatchNormGradients(t *testing.T) {
	b := randomNorm(3)
	far := gradtest.Normal(2, 1, 3, 2, 2, 3)
	for i := range far.Data() {
		far.Data()[i] += 100
	}
	for name, x := range map[string]*tensor.Tensor{
		"images": gradtest.Normal(1, 1, 2, 3, 2, 3), "rows": gradtest.Normal(1, 1, 6, 3), "far from zero": far,
	} {
		for mode, m := range normModes {
			t.Run(name+" in "+mode, func(t *testing.T) {
				m.freeze(t, b)
				reference := norm64(b, m)
				c := layer(x, b, func(in [][]float64) []float64 { return reference(in[0], in[1], in[2]) }, b.Weight, b.Bias)
				c.Mode = m.Mode
				gradtest.Check(t, c)
			})
		}
	}
}

func TestConvBNGradients(t *testing.T) {
	xs, ws := tensor.Shape{2, 4, 4, 2}, tensor.Shape{3, 3, 2, 3}
	x, shortcut := gradtest.Normal(1, 1, xs...), gradtest.Normal(2, 1, 2, 2, 2, 3)
	for name, c := range map[string]struct{ relu, shortcut bool }{
		"plain": {}, "ReLU": {relu: true}, "shortcut": {shortcut: true}, "shortcut and ReLU": {true, true},
	} {
		for mode, m := range normModes {
			t.Run(name+" in "+mode, func(t *testing.T) {
				b := &nn.ConvBN{BN: randomNorm(3), ReLU: c.relu,
					Conv: &nn.Conv2d{Weight: normalParam(3, 0.5, ws...), Stride: 2, Padding: 1}}
				m.freeze(t, b)
				norm, inputs := norm64(b.BN, m), []*tensor.Tensor{x}
				if c.shortcut {
					inputs = append(inputs, shortcut)
				}
				before := func(in [][]float64) []float64 { // the ReLU
					p := in[len(inputs):]
					y := norm(conv64(in[0], p[0], nil, xs, ws, 2, 1), p[1], p[2])
					if c.shortcut {
						for i, v := range in[1] {
							y[i] += v
						}
					}
					return y
				}
				var start [][]float64
				for _, v := range append(inputs[:len(inputs):len(inputs)], b.Conv.Weight.Value, b.BN.Weight.Value, b.BN.Bias.Value) {
					start = append(start, widen(v))
				}
				for _, v := range before(start) {
					require.Greater(t, math.Abs(v), 1e-3, "too near the kink for differences: choose another seed")
				}
				gradtest.Check(t, gradtest.Case{Inputs: inputs, Mode: m.Mode, Params: []*autograd.Param{b.Conv.Weight, b.BN.Weight, b.BN.Bias},
					Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
						if c.shortcut {
							return b.ForwardAdd(in[0], in[1])
						}
						return b.Forward(in[0])
					},
					Reference: func(in [][]float64) []float64 {
						if c.relu {
							return relu64(before(in))
						}
						return before(in)
					}})
			})
		}
	}
}

// An identity shortcut sends two gradients to one input.
func TestConvBNGradientsWithItsInputAsShortcut(t *testing.T) {
	xs, ws := tensor.Shape{2, 3, 3, 2}, tensor.Shape{3, 3, 2, 2}
	b := &nn.ConvBN{Conv: &nn.Conv2d{Weight: normalParam(3, 0.5, ws...), Padding: 1}, BN: randomNorm(2)}
	gradtest.Check(t, gradtest.Case{Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, xs...)}, Mode: training,
		Params:  []*autograd.Param{b.Conv.Weight, b.BN.Weight, b.BN.Bias},
		Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return b.ForwardAdd(in[0], in[0]) },
		Reference: func(in [][]float64) []float64 {
			y := bn64(conv64(in[0], in[1], nil, xs, ws, 1, 1), in[2], in[3], nil, nil)
			for i, v := range in[0] {
				y[i] += v
			}
			return y
		}})
}

func TestPoolGradients(t *testing.T) {
	maxPool := func(xs tensor.Shape, k, stride, pad int) gradtest.Case {
		return unary(distinct(1, xs...), func(x *autograd.Var) *autograd.Var { return nn.MaxPool2d(x, k, stride, pad) },
			func(x []float64) []float64 { return maxPool64(x, xs, k, stride, pad) })
	}
	for name, c := range map[string]gradtest.Case{
		"MaxPool2d 2/2":   maxPool(tensor.Shape{2, 4, 5, 3}, 2, 2, 0),
		"MaxPool2d 3/2/1": maxPool(tensor.Shape{2, 5, 6, 2}, 3, 2, 1),
		"MaxPool2d 3/1/1": maxPool(tensor.Shape{1, 3, 4, 2}, 3, 1, 1),
		"GlobalAvgPool2d": unary(gradtest.Normal(1, 1, 2, 3, 4, 3), nn.GlobalAvgPool2d, func(x []float64) []float64 {
			y := make([]float64, 6)
			for i, v := range x {
				y[i/36*3+i%3] += v / 12
			}
			return y
		}),
		"ShortcutA": unary(gradtest.Normal(1, 1, 2, 5, 4, 2), func(x *autograd.Var) *autograd.Var { return nn.ShortcutA(x, 5, 2) },
			func(x []float64) (y []float64) { // one channel of zeros before, two after
				for i := range 2 {
					for _, pixel := range []int{0, 2, 8, 10, 16, 18} {
						at := 2 * (20*i + pixel)
						y = append(y, 0, x[at], x[at+1], 0, 0)
					}
				}
				return y
			}),
		"ShortcutA that changes nothing": unary(gradtest.Normal(1, 1, 1, 2, 2, 3),
			func(x *autograd.Var) *autograd.Var { return nn.ShortcutA(x, 3, 1) },
			func(x []float64) []float64 { return append([]float64(nil), x...) }),
	} {
		t.Run(name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}

func TestSequentialGradients(t *testing.T) {
	xs, ws := tensor.Shape{3, 4, 4, 2}, tensor.Shape{3, 3, 2, 3}
	conv, bn := &nn.Conv2d{Weight: normalParam(2, 0.5, ws...), Padding: 1}, randomNorm(3)
	linear := &nn.Linear{Weight: normalParam(4, 1, 2, 3), Bias: normalParam(5, 1, 2)}
	m := nn.Sequential{conv, bn, nn.Func(nn.Tanh), nn.Func(nn.GlobalAvgPool2d), linear}
	c := layer(gradtest.Normal(1, 1, xs...), m, func(in [][]float64) []float64 {
		features := each64(bn64(conv64(in[0], in[1], nil, xs, ws, 1, 1), in[2], in[3], nil, nil), math.Tanh)
		pooled := make([]float64, 9)
		for i, v := range features {
			pooled[i/48*3+i%3] += v / 16
		}
		return linear64(pooled, in[4], in[5], 3)
	}, conv.Weight, bn.Weight, bn.Bias, linear.Weight, linear.Bias)
	c.Mode = training
	gradtest.Check(t, c)
}

// What needs no gradient is skipped without disturbing the rest.
func TestGradientsOfFrozenParts(t *testing.T) {
	xs, ws := tensor.Shape{2, 3, 3, 2}, tensor.Shape{3, 3, 2, 2}
	x := gradtest.Normal(1, 1, xs...)
	b := &nn.ConvBN{Conv: &nn.Conv2d{Weight: normalParam(3, 0.5, ws...), Padding: 1}, BN: randomNorm(2)}
	all := []*autograd.Param{b.Conv.Weight, b.BN.Weight, b.BN.Bias}
	apart := nn.Sequential{b.Conv, b.BN}
	for mode, nm := range normModes {
		nm.freeze(t, b)
		norm := norm64(b.BN, nm)
		for name, m := range map[string]nn.Module{"ConvBN": b, "Conv2d and BatchNorm2d": apart} {
			for bits := range 8 {
				for i, p := range all {
					p.Frozen = bits>>i&1 == 1
				}
				for _, constant := range []bool{false, true} {
					c := gradtest.Case{Params: all, Mode: nm.Mode}
					c.Forward = func(tape *autograd.Tape, in []*autograd.Var) *autograd.Var {
						if constant {
							return m.Forward(tape.Const(x))
						}
						return m.Forward(in[0])
					}
					c.Reference = func(in [][]float64) []float64 {
						if constant {
							in = append([][]float64{widen(x)}, in...)
						}
						return norm(conv64(in[0], in[1], nil, xs, ws, 1, 1), in[2], in[3])
					}
					if !constant {
						c.Inputs = []*tensor.Tensor{x}
					}
					require.NoError(t, gradtest.Compare(c), "%s in %s, frozen %03b, constant input %v", name, mode, bits, constant)
				}
			}
		}
	}
}
