package autograd_test

import (
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// double is 2x and can be renewed; writes counts how often it is computed.
func double(x *autograd.Var, away bool, writes *int) *autograd.Var {
	write := func(y *tensor.Tensor) {
		*writes++
		for i, v := range x.Peek().Data() {
			y.Data()[i] = 2 * v
		}
	}
	back := func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
		for i, g := range gy.Data() {
			gx[0].Data()[i] += 2 * g
		}
	}
	if away {
		return autograd.OpAway("double", x.Shape(), write, "of x", []*autograd.Var{x}, -1, -1, back)
	}
	y := x.Tape().Scratch(x.Shape()...)
	write(y)
	out := autograd.OpInto("double", y, []*autograd.Var{x}, -1, -1, back)
	out.Renewable(write, "of x")
	return out
}

// peeked is y as an operation that reads its input when it must.
func peeked(x *autograd.Var) *autograd.Var {
	y := x.Tape().Scratch(x.Shape()...)
	copy(y.Data(), x.Peek().Data())
	return autograd.Op("peeked", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, g := range gy.Data() {
			gx[0].Data()[i] += g * x.Peek().Data()[i]
		}
	})
}

func TestDroppedValuesComeBack(t *testing.T) {
	for _, away := range []bool{false, true} {
		p := autograd.NewParam(gradtest.Normal(1, 1, 100))
		tape := autograd.NewTape(autograd.Mode{})
		writes := 0
		x := tape.Param(p)
		a := double(x, away, &writes)
		b := double(a, false, &writes)
		y := peeked(b)
		a.Drop()
		b.Drop()
		require.Equal(t, "of x", b.Source())
		require.Equal(t, tensor.Shape{100}, b.Shape())
		require.Equal(t, 100, b.Dim(-1))
		junk := tape.Scratch(100) // takes the memory
		for i := range junk.Data() {
			junk.Data()[i] = 1e9
		}
		tape.Backward(autograd.Sum(y), nil)
		require.Equal(t, 4, writes, "each twice")
		for i, v := range p.Value.Data() {
			require.InDelta(t, 4*4*v, p.Grad.Data()[i], 1e-5)
		}
		err := tensor.Try(func() error { b.Value(); return nil })
		require.ErrorContains(t, err, "Backward has used up what it could be made of")
		require.ErrorContains(t, err, "[100]")
	}
}

// What someone has taken stays where it is, and Drop means nothing to values that cannot be renewed, or have no gradient.
func TestOnlyWhatNobodyHasIsDropped(t *testing.T) {
	p := autograd.NewParam(gradtest.Normal(1, 1, 100))
	tape := autograd.NewTape(autograd.Mode{})
	writes := 0
	taken := double(tape.Param(p), false, &writes)
	data := taken.Data()
	want := slices.Clone(data)
	plain := autograd.Exp(taken)
	constant := double(tape.Const(p.Value), false, &writes)
	for _, v := range []*autograd.Var{taken, plain, constant, tape.Param(p)} {
		v.Drop()
		require.Nil(t, v.Source())
	}
	tape.Scratch(100).Zero()
	tape.Backward(autograd.Sum(plain), nil)
	require.Equal(t, want, data)
	require.Equal(t, want, taken.Data())
	require.Len(t, constant.Data(), 100)
	require.Equal(t, 2, writes)
}

// A value that is away is computed once for all who read it.
func TestAwayUntilRead(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	writes := 0
	a := double(tape.Param(autograd.NewParam(gradtest.Normal(1, 1, 100))), true, &writes)
	require.Zero(t, writes)
	before := tape.PeakBytes()
	a.Value()
	a.Value()
	require.Equal(t, 1, writes)
	require.Equal(t, before+400, tape.PeakBytes())
	a.Drop()
	require.Nil(t, a.Source())
}
