package autograd_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// A tape that traces keeps operations with their inputs and attributes, those that Recompute runs too; others keep nothing, and
// ask for no attributes.
func TestTrace(t *testing.T) {
	p := autograd.NewParam(tensor.New(2, 3))
	asked := 0
	run := func(tape *autograd.Tape) (x, y *autograd.Var) {
		x = tape.Const(tensor.New(2, 3))
		y = autograd.Recompute(x, func(x *autograd.Var) *autograd.Var { return autograd.Add(x, x.Tape().Param(p)) })
		return x, autograd.Scale(y, 3)
	}
	tape := autograd.NewTape(autograd.Mode{NoGrad: true, Trace: true})
	x, y := run(tape)
	ops := tape.Trace()
	require.Len(t, ops, 2)
	require.Equal(t, "autograd.Add", ops[0].Name)
	require.Nil(t, ops[0].Attributes)
	require.Same(t, x, ops[0].In[0])
	require.Same(t, p, ops[0].In[1].Param())
	require.Nil(t, x.Param())
	require.Same(t, ops[0].Out, ops[1].In[0])
	require.Same(t, y, ops[1].Out)
	require.Equal(t, autograd.Attributes{"by": 3.0}, ops[1].Attributes)

	x.Describe(func() autograd.Attributes { asked++; return nil }) // which no operation returned
	require.Equal(t, autograd.Attributes{"by": 3.0}, tape.Trace()[1].Attributes)
	tape.Reset(autograd.Mode{NoGrad: true})
	require.Empty(t, tape.Trace())
	y = autograd.Scale(tape.Const(tensor.New(1)), 2).Describe(func() autograd.Attributes { asked++; return nil })
	require.NotNil(t, y)
	require.Empty(t, tape.Trace())
	require.Zero(t, asked)

	allocations := testing.AllocsPerRun(10, func() { y.Describe(func() autograd.Attributes { return autograd.Attributes{"y": y.Shape()} }) })
	require.Zero(t, allocations, "training pays nothing for attributes")
}

// A trace of training has gradients like any step.
func TestTraceOfTraining(t *testing.T) {
	p := autograd.NewParam(tensor.Scalar(2))
	for _, trace := range []bool{false, true} {
		p.ZeroGrad()
		tape := autograd.NewTape(autograd.Mode{Train: true, Trace: trace})
		y := autograd.Recompute(tape.Const(tensor.Scalar(5)), func(x *autograd.Var) *autograd.Var { return autograd.Mul(x, x.Tape().Param(p)) })
		tape.Backward(y, nil)
		require.Equal(t, float32(5), p.Grad.Item())
	}
}
