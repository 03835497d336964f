package posthoc_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/posthoc"
)

func TestAdjustLogitsByHand(t *testing.T) {
	x := matrix(2, 2, 1, 0, 2, -1)
	got, err := posthoc.AdjustLogits(x, []int{90, 10}, 1)
	require.NoError(t, err)
	a, b := -math.Log(0.9), -math.Log(0.1)
	require.InDeltaSlice(t, []float32{float32(1 + a), float32(b), float32(2 + a), float32(-1 + b)}, got.Data(), 1e-6)
	require.Equal(t, []float32{1, 0, 2, -1}, x.Data(), "the argument is only read")

	same, err := posthoc.AdjustLogits(x, []int{90, 10}, 0)
	require.NoError(t, err)
	require.Equal(t, x.Data(), same.Data())
	even, err := posthoc.AdjustLogits(x, []int{7, 7}, 3)
	require.NoError(t, err)
	require.InDelta(t, 1, float64(even.Data()[0]-even.Data()[1]), 1e-6, "equal counts change no difference")
}

// Where logits are log p(x|c) + log q_c, tau 1 gives back the decision of p(x|c).
func TestAdjustLogitsUndoesThePrior(t *testing.T) {
	likelihood, counts := []float64{0.2, 0.3, 0.1}, []int{1000, 30, 5}
	x := matrix(1, 3, 0, 0, 0)
	for c, p := range likelihood {
		x.Data()[c] = float32(math.Log(p) + math.Log(float64(counts[c])/1035))
	}
	got, err := posthoc.AdjustLogits(x, counts, 1)
	require.NoError(t, err)
	for c, p := range likelihood {
		require.InDelta(t, math.Log(p), float64(got.Data()[c]), 1e-5)
	}
}

func TestAdjustLogitsErrors(t *testing.T) {
	for _, c := range []struct {
		counts []int
		tau    float64
		v      float32
		want   string
	}{
		{[]int{1}, 1, 0, "posthoc: 1 training counts for logits of 2 classes: give one for each"},
		{[]int{1, 0}, 1, 0, "posthoc: class 1 has 0 training images: its logit cannot be adjusted, leave the class out"},
		{[]int{1, -3}, 1, 0, "posthoc: class 1 has -3 training images: its logit cannot be adjusted, leave the class out"},
		{[]int{1, 1}, math.NaN(), 0, "posthoc: adjusting logits with tau NaN: it must be finite; 1 is usual"},
		{[]int{1, 1}, math.Inf(-1), 0, "posthoc: adjusting logits with tau -Inf: it must be finite; 1 is usual"},
		{[]int{1, 1}, 1, nan, "posthoc: logits of row 0 have the value NaN at position 1: they must be finite"},
		{[]int{1, 1}, 1, inf, "posthoc: logits of row 0 have the value +Inf at position 1: they must be finite"},
	} {
		_, err := posthoc.AdjustLogits(matrix(1, 2, 0, c.v), c.counts, c.tau)
		require.EqualError(t, err, c.want)
	}
	_, err := posthoc.AdjustLogits(nil, []int{1}, 1)
	require.EqualError(t, err, "posthoc: logits of shape none: they must be a matrix with a row for each image")
	_, err = posthoc.AdjustLogits(matrix(1, 2, 0, 0).Reshape(2), []int{1}, 1)
	require.EqualError(t, err, "posthoc: logits of shape [2]: they must be a matrix with a row for each image")
	got, err := posthoc.AdjustLogits(matrix(2, 1, 4, 5), []int{3}, 1)
	require.NoError(t, err)
	require.Equal(t, []float32{4, 5}, got.Data(), "one class has q = 1")
}

// A network with the adjusted head gives the adjusted logits.
func TestAdjustHeadIsAdjustLogits(t *testing.T) {
	x, counts := matrix(3, 2, 1, 2, -1, 0.5, 3, 0), []int{90, 10, 3}
	for _, bias := range [][]float32{nil, {0.5, -1, 2}} {
		head := linear(3, 2, []float32{1, 2, 3, 4, 5, 6}, bias)
		logits, err := posthoc.Logits(head, x)
		require.NoError(t, err)
		want, err := posthoc.AdjustLogits(logits, counts, 1.5)
		require.NoError(t, err)
		adjusted, err := posthoc.AdjustHead(head, counts, 1.5)
		require.NoError(t, err)
		got, err := posthoc.Logits(adjusted, x)
		require.NoError(t, err)
		require.InDeltaSlice(t, want.Data(), got.Data(), 1e-5)
		again, err := posthoc.Logits(head, x)
		require.NoError(t, err)
		require.Equal(t, logits.Data(), again.Data(), "the head is only read")
	}
	head := linear(2, 1, []float32{1, 2}, nil)
	_, err := posthoc.AdjustHead(head, []int{1}, 1)
	require.EqualError(t, err, "posthoc: 1 training counts for logits of 2 classes: give one for each")
	_, err = posthoc.AdjustHead(head, []int{1, 0}, 1)
	require.ErrorContains(t, err, "class 1 has 0 training images")
	_, err = posthoc.AdjustHead(nil, []int{1}, 1)
	require.Error(t, err)
}
