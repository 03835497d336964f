package batch_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// Chunks have the samples of all groups, results keep the order of rows, and memory is that of a chunk.
func TestPassInChunks(t *testing.T) {
	const groups, samples, width = 3, 12, 5
	layers := nn.Sequential{nn.NewLinear(nn.LinearSettings{In: width, Out: 40}), nn.Func(nn.ReLU),
		nn.NewLinear(nn.LinearSettings{In: 40, Out: 40, Seed: 1}), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 40, Out: 2})}
	x, gy := gradtest.Normal(1, 1, groups*samples, width), gradtest.Normal(2, 1, groups*samples, 2)
	pass := func(chunk int) (y []float32, gradients [][]float32, peak int64) {
		var seen [][]float32
		tape := autograd.NewTape(autograd.Mode{})
		out := batch.Pass(tape, x, samples, chunk, func(x *autograd.Var) *autograd.Var {
			seen = append(seen, x.Data())
			return layers.Forward(x)
		})
		if chunk == 4 {
			require.Len(t, seen, 3)
			require.Len(t, seen[1], groups*4*width)
		}
		y = append(y, out.Data()...)
		tape.Backward(out, gy)
		for _, e := range nn.Params(layers) {
			gradients = append(gradients, append([]float32(nil), e.Param.Grad.Data()...))
			e.Param.ZeroGrad()
		}
		return y, gradients, tape.PeakBytes()
	}
	whole, want, most := pass(0)
	for _, chunk := range []int{1, 2, 4, 12, 20} {
		y, gradients, peak := pass(chunk)
		require.InDeltaSlice(t, whole, y, 1e-6, "chunk %d", chunk)
		for i := range want {
			require.InDeltaSlice(t, want[i], gradients[i], 1e-5, "chunk %d", chunk)
		}
		if chunk < 4 {
			require.Less(t, 3*peak, most)
		}
	}
}
