package nn_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// randomConvBN is a convolution and batch norm with a kernel of 3×3.
func randomConvBN(in, out, stride int, relu bool) *nn.ConvBN {
	return &nn.ConvBN{Conv: &nn.Conv2d{Weight: normalParam(3, 0.3, 3, 3, in, out), Stride: stride, Padding: 1}, BN: randomNorm(out), ReLU: relu}
}

// With frozen statistics a convolution and batch norm are one affine map, whose gradients have a closed form. Shapes are
// chosen for the direct convolution and for Winograd's, channels to fill vectors and to leave a rest.
func TestConvBNWithFrozenStatisticsHasTheGradientsOfAnAffineMap(t *testing.T) {
	for _, s := range []struct{ size, in, out, stride int }{{7, 3, 17, 2}, {5, 8, 16, 1}, {16, 8, 16, 1}, {17, 11, 19, 1}} {
		xs, ws := tensor.Shape{2, s.size, s.size, s.in}, tensor.Shape{3, 3, s.in, s.out}
		x := gradtest.Normal(1, 1, xs...)
		z := conv64(widen(x), widen(randomConvBN(s.in, s.out, s.stride, false).Conv.Weight.Value), nil, xs, ws, s.stride, 1)
		for bits := range 32 {
			relu, add := bits&8 != 0, bits&16 != 0
			b := randomConvBN(s.in, s.out, s.stride, relu)
			normMode{training, true}.freeze(t, b)
			params := []*autograd.Param{b.Conv.Weight, b.BN.Weight, b.BN.Bias}
			for i, p := range params {
				p.Frozen = bits>>i&1 == 1
			}
			tape := autograd.NewTape(training)
			in := autograd.NewParam(x)
			shape := tensor.Shape{2, (s.size-1)/s.stride + 1, (s.size-1)/s.stride + 1, s.out}
			shortcut := autograd.NewParam(gradtest.Normal(2, 1, shape...))
			var y *autograd.Var
			if add {
				y = b.ForwardAdd(tape.Param(in), tape.Param(shortcut))
			} else {
				y = b.Forward(tape.Param(in))
			}
			gy := gradtest.Normal(4, 1, shape...)
			tape.Backward(y, gy)

			g, scale := widen(gy), make([]float64, s.out)
			dgamma, dbeta := make([]float64, s.out), make([]float64, s.out)
			for k := range scale {
				scale[k] = 1 / math.Sqrt(float64(b.BN.RunningVar.Data()[k])+1e-5)
			}
			want := bn64(z, widen(b.BN.Weight.Value), widen(b.BN.Bias.Value), widen(b.BN.RunningMean), widen(b.BN.RunningVar))
			dz := make([]float64, len(z))
			for i := range z {
				if add {
					want[i] += float64(shortcut.Value.Data()[i])
				}
				if relu && y.Data()[i] <= 0 {
					g[i] = 0
				}
				k := i % s.out
				dbeta[k] += g[i]
				dgamma[k] += g[i] * (z[i] - float64(b.BN.RunningMean.Data()[k])) * scale[k]
				dz[i] = g[i] * float64(b.BN.Weight.Value.Data()[k]) * scale[k]
			}
			if relu {
				want = relu64(want)
			}
			dx, dw := convGrads64(dz, widen(x), widen(b.Conv.Weight.Value), xs, ws, shape, s.stride)
			at := fmt.Sprintf("%+v, frozen %03b, ReLU %v, shortcut %v", s, bits&7, relu, add)
			requireNear(t, want, y.Data(), at+": y")
			requireNear(t, dx, in.Grad.Data(), at+": input")
			if add {
				requireNear(t, g, shortcut.Grad.Data(), at+": shortcut")
			}
			for i, d := range [][]float64{dw, dgamma, dbeta} {
				if params[i].Frozen {
					require.Nil(t, params[i].Grad, at)
				} else {
					requireNear(t, d, params[i].Grad.Data(), fmt.Sprintf("%s: parameter %d", at, i))
				}
			}
		}
	}
}

// convGrads64 are the gradients of conv64 with padding 1, given that of its result.
func convGrads64(dy, x, w []float64, xs, ws, ys tensor.Shape, stride int) (dx, dw []float64) {
	dx, dw = make([]float64, len(x)), make([]float64, len(w))
	c, o := ws[2], ws[3]
	for at := 0; at < len(dy); at += o {
		ox, oy, i := at/o%ys[2], at/o/ys[2]%ys[1], at/o/ys[2]/ys[1]
		for tap := range 9 {
			iy, ix := oy*stride+tap/3-1, ox*stride+tap%3-1
			if iy < 0 || iy >= xs[1] || ix < 0 || ix >= xs[2] {
				continue
			}
			for j := range c {
				from, to := ((i*xs[1]+iy)*xs[2]+ix)*c+j, (tap*c+j)*o
				for k := range o {
					dx[from] += dy[at+k] * w[to+k]
					dw[to+k] += dy[at+k] * x[from]
				}
			}
		}
	}
	return dx, dw
}

// requireNear allows one part in ten thousand of the largest value.
func requireNear(t *testing.T, want []float64, got []float32, what string) {
	t.Helper()
	require.Len(t, got, len(want), what)
	largest := 0.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= 1e-4*largest) {
			require.Failf(t, what, "entry %d is %g, want %g, the largest is %g", i, got[i], w, largest)
		}
	}
}

// On a training tape a frozen part gives the bits of evaluation, records nothing for backward, keeps nothing but its
// results, and leaves the running statistics alone.
func TestAFrozenPartWorksAsInEvaluation(t *testing.T) {
	shape := []int{4, 8, 8, 16}
	x := gradtest.Normal(1, 1, shape...)
	for name, m := range map[string]struct {
		module  nn.Module
		results int // of the shape of x
	}{
		"ConvBN":      {randomConvBN(16, 16, 1, true), 1},
		"BatchNorm2d": {randomNorm(16), 1},
		"both":        {nn.Sequential{randomConvBN(16, 16, 1, false), randomNorm(16), randomConvBN(16, 16, 1, true)}, 3},
	} {
		want := m.module.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Value().Clone()
		nn.Freeze(m.module, true)
		before := autograd.Snapshot(nn.Tensors(m.module)...)
		tape := autograd.NewTape(training)
		y := m.module.Forward(tape.Const(x))
		require.Equal(t, want.Data(), y.Data(), name)
		require.False(t, y.NeedsGrad(), name)
		tape.Commit()
		for _, b := range nn.Tensors(m.module) {
			require.Equal(t, before.Of(b).Data(), b.Data(), name)
		}
		require.Equal(t, m.results, kept(tape, shape), name)

		nn.Freeze(m.module, false)
		tape.Reset(training)
		y = m.module.Forward(tape.Const(x))
		require.True(t, y.NeedsGrad(), name)
		require.NotEqual(t, want.Data(), y.Data(), name)
		tape.Commit()
		for _, e := range nn.Entries(m.module) {
			if e.Buffer != nil {
				require.NotEqual(t, before.Of(e.Buffer).Data(), e.Buffer.Data(), "%s: %s", name, e.Path)
			}
		}
	}
}

// kept returns how many tensors of the shape the tape lent in its step, which it ends: it lends them again, with what was
// in them, and then new ones.
func kept(tape *autograd.Tape, shape []int) (n int) {
	tape.Reset(training)
	for {
		for i, v := range tape.Scratch(shape...).Data() {
			if v != 0 {
				break
			} else if i == tensor.Shape(shape).Len()-1 {
				return n
			}
		}
		n++
	}
}

// With frozen statistics alone, weight and bias learn, and a gradient flows through to the input as through a constant map.
func TestFrozenStatisticsStayWhileParametersLearn(t *testing.T) {
	m := nn.Sequential{randomConvBN(8, 12, 1, true), randomNorm(12)}
	x := gradtest.Normal(1, 1, 2, 16, 16, 8)
	want := m.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Value().Clone()
	_, err := nn.FreezeStatistics(m, "**")
	require.NoError(t, err)
	before := autograd.Snapshot(nn.Tensors(m)...)
	y, dx, tape := backward(training, x, m.Forward)
	tape.Commit()
	require.Equal(t, want.Data(), y.Data())
	require.NotZero(t, dx.Data()[0])
	for _, e := range nn.Entries(m) {
		require.Equal(t, before.Of(e.Tensor()).Data(), e.Tensor().Data(), e.Path)
		if e.Param != nil {
			require.NotNil(t, e.Param.Grad, e.Path)
		}
	}
}

// Statistics that stand in for the layer's own are used in training too: a momentum encoder has its own.
func TestFrozenStatisticsAreReadThroughTheTape(t *testing.T) {
	b, x := randomNorm(3), gradtest.Normal(1, 1, 4, 3)
	kept := autograd.Snapshot(nn.Tensors(b)...)
	want := b.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Value().Clone()
	nn.Freeze(b, true)
	b.RunningMean.Zero()
	b.RunningVar.Zero()
	got := b.Forward(autograd.NewTape(autograd.Mode{Train: true, NoGrad: true, Weights: kept}).Const(x))
	require.Equal(t, want.Data(), got.Data())
}

// A batch of one value a channel, a large one, and one with NaN are no different from evaluation.
func TestFrozenStatisticsOfDegenerateBatches(t *testing.T) {
	m := randomConvBN(2, 3, 1, true)
	normMode{training, true}.freeze(t, m)
	for name, x := range map[string]*tensor.Tensor{
		"one pixel": gradtest.Normal(1, 1, 1, 1, 1, 2), "huge": gradtest.Normal(1, 1e30, 2, 3, 3, 2), "empty": tensor.New(0, 3, 3, 2),
		"NaN": from(t, []float32{float32(math.NaN()), 1}, 1, 1, 1, 2),
	} {
		want := m.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x))
		y, dx, tape := backward(training, x, m.Forward)
		tape.Commit()
		for i, w := range want.Data() {
			if got := y.Data()[i]; w != got && (w == w || got == got) {
				require.Failf(t, name, "entry %d is %g, in evaluation %g", i, got, w)
			}
		}
		if name == "one pixel" || name == "empty" {
			requireFinite(t, dx, name)
		}
	}
	require.Equal(t, randomNorm(3).RunningMean.Data(), m.BN.RunningMean.Data())
}

// Many goroutines may train and evaluate one frozen layer, each on its tape.
func TestAFrozenLayerRunsOnManyTapes(t *testing.T) {
	m, x := randomConvBN(8, 8, 1, true), gradtest.Normal(1, 1, 2, 16, 16, 8)
	nn.Freeze(m, true)
	want := m.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Value().Clone()
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			tape := autograd.NewTape(autograd.Mode{Train: i%2 == 0})
			for range 5 {
				tape.Reset(tape.Mode())
				if y := m.Forward(tape.Const(x)); !sameBits(want.Data(), y.Data()) {
					t.Error("other bits")
				}
				tape.Commit()
			}
		})
	}
	group.Wait()
}

func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// counting is a layer of one's own whose statistic is the number of batches.
type counting struct {
	batches *tensor.Tensor
	frozen  bool
}

func (c *counting) Visit(v nn.Visitor) { v.Statistics("batches", c.batches, &c.frozen) }
func (c *counting) Forward(x *autograd.Var) *autograd.Var {
	if x.Tape().Mode().Train && !c.frozen {
		x.Tape().AfterStep(func() { c.batches.Data()[0]++ })
	}
	return x
}

func TestFreezeReachesALayerOfOnesOwn(t *testing.T) {
	c := &counting{batches: tensor.New(1)}
	m := nn.Sequential{c}
	step := func() {
		tape := autograd.NewTape(training)
		m.Forward(tape.Const(tensor.New(1, 1)))
		tape.Commit()
	}
	step()
	_, err := nn.FreezePaths(m, "0.batches")
	require.NoError(t, err)
	step()
	require.Equal(t, float32(1), c.batches.Item())
	nn.Freeze(m, false)
	step()
	require.Equal(t, float32(2), c.batches.Item())
}

// A predictor makes the scale and the shift of batch norm once, and of its own copies.
func TestAffineOfFixedWeights(t *testing.T) {
	c := nn.NewConvBN(nn.ConvBNSettings{In: 2, Out: 3, Kernel: 1, ReLU: true})
	x := gradtest.Normal(1, 1, 1, 2, 2, 2)
	predict := func(w *autograd.Weights) []float32 {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true, Weights: w})
		return slices.Clone(c.Forward(tape.Const(x)).Data())
	}
	all := autograd.Snapshot(nn.Tensors(c)...)
	all.Fix()
	some := autograd.Snapshot(c.Conv.Weight.Value, c.BN.Weight.Value)
	some.Fix()
	before := predict(nil)
	require.Equal(t, before, predict(all))
	require.Equal(t, before, predict(some))

	c.BN.RunningVar.Data()[1], c.BN.Bias.Value.Data()[2] = 9, 5
	require.Equal(t, before, predict(all), "the module changed, not the weights that are fixed")
	require.Equal(t, predict(nil), predict(some), "what is not among the weights may change")
	c.BN.Epsilon = 1
	require.NotEqual(t, before, predict(all))
}
