package nn_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The logits of a classifier are the mean of its experts', which are those of a classifier of each expert's features alone.
func TestLogitsAreTheMeanOfTheExperts(t *testing.T) {
	const rows, experts, width, classes = 5, 3, 4, 6
	x := gradtest.Normal(1, 1, rows, experts*width)
	for _, c := range []nn.Ensemble{nn.NewLinear(nn.LinearSettings{In: experts * width, Out: classes, Seed: 1}),
		nn.NewLinear(nn.LinearSettings{In: experts * width, Out: classes, NoBias: true, Seed: 1}),
		nn.NewCosine(nn.CosineSettings{In: experts * width, Classes: classes, Groups: experts, Scale: 7, Seed: 1})} {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		mean, each := c.Forward(tape.Const(x)), c.Each(tape.Const(x), experts)
		require.Len(t, each, experts)
		for i, v := range mean.Data() {
			sum := 0.0
			for _, y := range each {
				sum += float64(y.Data()[i]) / experts
			}
			require.InDelta(t, sum, float64(v), 1e-5, "%T", c)
		}
		part := func(w *tensor.Tensor, e int) *tensor.Tensor {
			y := tensor.New(w.Dim(0), width)
			for r := range w.Dim(0) {
				copy(y.Rows(r, r+1).Data(), w.Rows(r, r+1).Data()[e*width:(e+1)*width])
			}
			return y
		}
		for e, y := range each {
			var alone nn.Module
			own := part(x, e)
			switch c := c.(type) {
			case *nn.Linear:
				alone = &nn.Linear{Weight: autograd.NewParam(part(c.Weight.Value, e)), Bias: c.Bias}
				for i := range own.Data() {
					own.Data()[i] *= experts // features are weighed by 1/experts
				}
			case *nn.Cosine:
				alone = &nn.Cosine{Weight: autograd.NewParam(part(c.Weight.Value, e)), Scale: c.Scale}
			}
			require.InDeltaSlice(t, alone.Forward(tape.Const(own)).Data(), y.Data(), 1e-5, "%T", c)
		}
		var params []*autograd.Param
		for _, e := range nn.Params(c) {
			params = append(params, e.Param)
		}
		gradtest.Check(t, gradtest.Case{Inputs: []*tensor.Tensor{x}, Params: params, Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Columns(append(c.Each(in[0], experts), c.Forward(in[0]))...)
		}})
	}
	linear := nn.NewLinear(nn.LinearSettings{In: 6, Out: 2, Seed: 1})
	for _, experts := range []int{0, 4} {
		err := tensor.Try(func() error {
			linear.Each(autograd.NewTape(autograd.Mode{}).Const(tensor.New(1, 6)), experts)
			return nil
		})
		require.ErrorContains(t, err, "experts divide")
	}
	err := tensor.Try(func() error { nn.NewCosine(nn.CosineSettings{In: 5, Classes: 2, Groups: 2}); return nil })
	require.ErrorContains(t, err, "width 5 in 2 groups")
}
