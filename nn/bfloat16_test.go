package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// blocks is a network with what a ResNet has: odd and even channels, strides, shortcuts of both kinds, values that are dropped.
type blocks struct{ stem, a, b, c, d, down, e *nn.ConvBN }

func newBlocks(relu bool) blocks {
	rng := rand.New(rand.NewPCG(1, 1))
	conv := func(in, out, kernel, stride int, last bool) *nn.ConvBN {
		return nn.NewConvBN(nn.ConvBNSettings{In: in, Out: out, Kernel: kernel, Stride: stride, Padding: kernel / 2, ReLU: last && relu, Rand: rng})
	}
	return blocks{conv(3, 16, 3, 1, true), conv(16, 16, 3, 1, true), conv(16, 16, 3, 1, true), conv(16, 8, 1, 1, true), conv(8, 24, 3, 2, true),
		conv(16, 24, 1, 2, false), conv(24, 24, 3, 1, true)}
}

func (b blocks) forward(x *autograd.Var) *autograd.Var {
	x = b.stem.Forward(x)
	x = b.b.ForwardAdd(b.a.ForwardDropped(x), x)
	y := b.d.ForwardAdd(b.c.ForwardDropped(x), b.down.Forward(x))
	x.Drop()
	y = b.e.ForwardAdd(y, y)
	return nn.GlobalAvgPool2d(y)
}

func (b blocks) Visit(v nn.Visitor) {
	for i, c := range []*nn.ConvBN{b.stem, b.a, b.b, b.c, b.d, b.down, b.e} {
		v.Sub(string(rune('a'+i)), c)
	}
}

// outcome is the result and all gradients of a step.
func (b blocks) outcome(m autograd.Mode) (out [][]float32) {
	tape := autograd.NewTape(m)
	x := autograd.NewParam(gradtest.Normal(2, 1, 5, 12, 10, 3))
	y := b.forward(tape.Param(x))
	out = append(out, append([]float32(nil), y.Data()...))
	if !m.NoGrad {
		tape.Backward(y, gradtest.Normal(3, 1, y.Shape()...))
		out = append(out, x.Grad.Data())
		for _, p := range nn.Params(b) {
			out = append(out, append([]float32(nil), p.Param.Grad.Data()...))
			p.Param.Grad = nil
		}
	}
	tape.Commit()
	return out
}

// Values and gradients in bfloat16 are near those in float32, with the batch's statistics and with the running ones.
func TestBFloat16IsNearFloat32(t *testing.T) {
	for i := range 8 {
		m := autograd.Mode{Train: i&1 > 0, NoGrad: i&2 > 0}
		relu, most := i&4 > 0, 0.03
		if relu && !m.NoGrad {
			most = 0.25 // where a sum near zero changes its sign, a gradient comes or goes
		}
		want := newBlocks(relu).outcome(m)
		m.Precision = autograd.BFloat16
		got := newBlocks(relu).outcome(m)
		require.Len(t, got, len(want))
		for i := range want {
			var square, wrong float64
			for j, v := range want[i] {
				square += float64(v) * float64(v)
				wrong += float64(v-got[i][j]) * float64(v-got[i][j])
			}
			require.Less(t, math.Sqrt(wrong), most*(1+math.Sqrt(square)), "tensor %d of %+v", i, m)
		}
		require.NotEqual(t, want[0], got[0], "nothing was rounded")
	}
}

// A tape is used again, parts are frozen and parts are computed again, and the bits are the same.
func TestBFloat16OfTheSameStep(t *testing.T) {
	m := autograd.Mode{Train: true, Precision: autograd.BFloat16}
	b := newBlocks(true)
	want := b.outcome(m)
	require.Equal(t, want, newBlocks(true).outcome(m))
	frozen := newBlocks(true)
	frozen.a.Conv.Weight.Frozen, frozen.e.BN.Weight.Frozen = true, true
	tape := autograd.NewTape(m)
	for range 3 {
		tape.Reset(m)
		x := tape.Const(gradtest.Normal(2, 1, 5, 12, 10, 3))
		y := frozen.forward(x)
		require.Equal(t, want[0], y.Data())
		tape.Backward(y, gradtest.Normal(3, 1, y.Shape()...))
		require.Nil(t, frozen.a.Conv.Weight.Grad)
	}
	tape.Reset(m)
	x := tape.Const(gradtest.Normal(2, 1, 5, 12, 10, 3))
	require.Equal(t, want[0], autograd.Recompute(x, newBlocks(true).forward).Data())
}

// What is kept for the backward pass takes half the memory, or little more.
func TestBFloat16TakesHalfTheMemory(t *testing.T) {
	held := func(p autograd.Precision) int64 {
		tape := autograd.NewTape(autograd.Mode{Train: true, Precision: p})
		c := nn.NewConvBN(nn.ConvBNSettings{In: 16, Out: 16, Kernel: 3, Padding: 1, ReLU: true})
		x := tape.Const(gradtest.Normal(1, 1, 8, 16, 16, 16))
		for range 16 {
			x = c.ForwardAdd(c.ForwardDropped(x), x)
		}
		return tape.PeakBytes()
	}
	require.Less(t, float64(held(autograd.BFloat16)), 0.6*float64(held(autograd.Float32)))
}

// Sums that were dropped, every second one of a row, are made again with the same bits.
func TestBFloat16DropsSums(t *testing.T) {
	run := func(drop bool) ([]float32, int64) {
		tape := autograd.NewTape(autograd.Mode{Train: true, Precision: autograd.BFloat16})
		rng := rand.New(rand.NewPCG(1, 1))
		p := autograd.NewParam(gradtest.Normal(1, 1, 8, 16, 16, 16))
		x := tape.Param(p)
		first := x
		for i := range 8 {
			a := nn.NewConvBN(nn.ConvBNSettings{In: 16, Out: 16, Kernel: 3, Padding: 1, ReLU: true, Rand: rng})
			b := nn.NewConvBN(nn.ConvBNSettings{In: 16, Out: 16, Kernel: 3, Padding: 1, ReLU: i != 4, Rand: rng})
			y := b.ForwardAdd(a.ForwardDropped(x), x)
			if drop && x != first {
				x.Drop()
			}
			x = y
		}
		held := tape.PeakBytes()
		y := nn.GlobalAvgPool2d(x)
		got := append([]float32(nil), y.Data()...)
		tape.Backward(y, gradtest.Normal(3, 1, y.Shape()...))
		return append(got, p.Grad.Data()...), held
	}
	want, all := run(false)
	got, some := run(true)
	require.Equal(t, want, got)
	require.Less(t, float64(some), 0.95*float64(all))
}
