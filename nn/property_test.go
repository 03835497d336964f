package nn_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func dot(a, b *tensor.Tensor) (sum float64) {
	for i, v := range a.Data() {
		sum += float64(v) * float64(b.Data()[i])
	}
	return sum
}

// A convolution is linear in the image and in the weight, so ⟨y, dy⟩ = ⟨x, dx⟩ = ⟨w, dw⟩ for every geometry.
func TestConvOfAnyGeometry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		kh, kw, pad, stride := size("kernel height", 1, 5), size("kernel width", 1, 5), size("padding", 0, 3), size("stride", 1, 3)
		h, w := size("height", max(1, kh-2*pad), 9), size("width", max(1, kw-2*pad), 9)
		xs := tensor.Shape{size("images", 0, 3), h, w, size("in", 1, 19)}
		ws := tensor.Shape{kh, kw, xs[3], size("out", 1, 35)}
		conv := &nn.Conv2d{Weight: normalParam(1, 1, ws...), Stride: stride, Padding: pad}
		x := autograd.NewParam(gradtest.Normal(2, 1, xs...))
		tape := autograd.NewTape(training)
		y := conv.Forward(tape.Param(x))
		want := conv64(widen(x.Value), widen(conv.Weight.Value), nil, xs, ws, stride, pad)
		require.Len(t, y.Data(), len(want))
		for i, v := range want {
			require.InDelta(t, v, y.Data()[i], 1e-4, "entry %d", i)
		}
		if len(want) == 0 {
			return
		}
		dy := gradtest.Normal(3, 1, y.Shape()...)
		tape.Backward(y, dy)
		scale := 1 + math.Sqrt(dot(y.Value(), y.Value())*dot(dy, dy)) // y is 0 where the kernel meets only padding
		require.InDelta(t, 0, (dot(x.Value, x.Grad)-dot(y.Value(), dy))/scale, 1e-5)
		require.InDelta(t, 0, (dot(conv.Weight.Value, conv.Weight.Grad)-dot(y.Value(), dy))/scale, 1e-5)
	})
}

func TestRowFunctionsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(rapid.Float32Range(-200, 200), 1, 40).Draw(t, "logits")
		tape := autograd.NewTape(autograd.Mode{})
		x := tape.Const(tensor.New(1, len(row)))
		copy(x.Data(), row)
		softmax, logSoftmax := nn.Softmax(x).Data(), nn.LogSoftmax(x).Data()
		lse, unit := nn.LogSumExp(x).Data()[0], nn.L2Normalize(x).Value()
		sum := 0.0
		for i, p := range softmax {
			require.GreaterOrEqual(t, p, float32(0))
			require.InDelta(t, p, math.Exp(float64(logSoftmax[i])), 1e-5)
			require.InDelta(t, row[i]-lse, logSoftmax[i], 1e-4)
			sum += float64(p)
		}
		require.InDelta(t, 1, sum, 1e-5)
		if norm := dot(x.Value(), x.Value()); norm > 0 && math.Sqrt(norm) > nn.NormEpsilon {
			require.InDelta(t, 1, dot(unit, unit), 1e-5)
		}
	})
}
