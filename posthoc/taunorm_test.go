package posthoc_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
)

func TestTauNormalizeByHand(t *testing.T) {
	head := linear(3, 2, []float32{3, 4, 0, 0, 0, -16}, []float32{1, 2, 3})
	for tau, want := range map[float64][]float32{
		0:   {3, 4, 0, 0, 0, -16},
		1:   {0.6, 0.8, 0, 0, 0, -1},
		0.5: {3 / float32(math.Sqrt(5)), 4 / float32(math.Sqrt(5)), 0, 0, 0, -4},
		2:   {0.12, 0.16, 0, 0, 0, -0.0625},
	} {
		got, err := posthoc.TauNormalize(head, tau)
		require.NoError(t, err)
		require.InDeltaSlice(t, want, got.Weight.Value.Data(), 1e-6, "tau %v", tau)
		require.Nil(t, got.Bias)
	}
	require.Equal(t, []float32{3, 4, 0, 0, 0, -16}, head.Weight.Value.Data(), "the head is only read")
}

func TestTauNormalizeErrors(t *testing.T) {
	for _, tau := range []float64{-0.1, 2.01, math.NaN()} {
		_, err := posthoc.TauNormalize(linear(1, 1, []float32{1}, nil), tau)
		require.ErrorContains(t, err, "it must be at least 0 and at most 2")
	}
	_, err := posthoc.TauNormalize(nil, 1)
	require.EqualError(t, err, "posthoc: no head: give the linear layer of the trained classifier")
	_, err = posthoc.TauNormalize(&nn.Linear{}, 1)
	require.EqualError(t, err, "posthoc: no head: give the linear layer of the trained classifier")
	_, err = posthoc.TauNormalize(linear(2, 2, []float32{1, 2, 3, nan}, nil), 1)
	require.EqualError(t, err, "posthoc: weights of row 1 have the value NaN at position 1: they must be finite")
	_, err = posthoc.TauNormalize(linear(2, 1, []float32{1, 2}, []float32{1, inf}), 1)
	require.EqualError(t, err, "posthoc: bias of row 0 have the value +Inf at position 1: they must be finite")
}

func TestLogits(t *testing.T) {
	head := linear(2, 3, []float32{1, 2, 3, -1, 0, 1}, []float32{10, 20})
	got, err := posthoc.Logits(head, matrix(2, 3, 1, 1, 1, 0, 0, 2))
	require.NoError(t, err)
	require.Equal(t, []float32{16, 20, 16, 22}, got.Data())
	_, err = posthoc.Logits(head, matrix(1, 2, 1, 1))
	require.EqualError(t, err, "posthoc: features of width 2, the classifier is of width 3: both must come from one backbone")
	bad := linear(2, 3, []float32{1, 2, 3, -1, 0, 1}, []float32{10, 20, 30}[:2])
	bad.Bias.Value = matrix(1, 3, 1, 2, 3).Reshape(3)
	_, err = posthoc.Logits(bad, matrix(1, 3, 1, 1, 1))
	require.EqualError(t, err, "posthoc: a head of 2 classes with a bias of shape [3]: it must be [2]")
}
