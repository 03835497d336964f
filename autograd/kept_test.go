package autograd_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

func TestKeptOfFixedWeights(t *testing.T) {
	p, other := autograd.NewParam(tensor.New(2)), autograd.NewParam(tensor.New(2))
	p.Value.Data()[0] = 3
	w := autograd.Snapshot(p.Value)
	p.Value.Data()[0] = 4
	var calls atomic.Int32
	double := func(v *tensor.Tensor) any { calls.Add(1); return 2 * v.Data()[0] }

	tape := autograd.NewTape(autograd.Mode{NoGrad: true, Weights: w})
	require.Nil(t, tape.Kept(p, "double", double), "the values may change")
	w.Fix()
	require.Nil(t, tape.Kept(other, "double", double), "not among the weights")
	require.Nil(t, autograd.NewTape(autograd.Mode{Weights: w}).Kept(p, "double", double), "with gradients")
	require.Nil(t, autograd.NewTape(autograd.Mode{NoGrad: true}).Kept(p, "double", double), "the module's own weights")
	require.Zero(t, calls.Load())

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			tape := autograd.NewTape(autograd.Mode{NoGrad: true, Weights: w})
			require.Equal(t, float32(6), tape.Kept(p, "double", double), "the value of the weights, not the module's")
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, calls.Load(), "made once for all tapes")
	require.Equal(t, float32(9), tape.Kept(p, "triple", func(v *tensor.Tensor) any { return 3 * v.Data()[0] }), "another form")
}
