package posthoc_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever the numbers, what comes back is finite or an error.
func TestHostileArguments(t *testing.T) {
	number := rapid.SampledFrom([]float64{0, 1, -1, 2, 1e37, 1e300, 5e-324, math.Inf(1), math.Inf(-1), math.NaN()})
	value := rapid.SampledFrom([]float32{0, 1, -2, 3e38, -3e38, 1e-45, 1e-30, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))})
	size := rapid.SampledFrom([]int{0, 1, 2, 3, math.MaxInt>>32 + 1, math.MaxInt>>23 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, math.MinInt})
	finite := func(t *rapid.T, x *tensor.Tensor) {
		for _, v := range x.Data() {
			require.False(t, math.IsNaN(float64(v)) || math.IsInf(float64(v), 0), "%v", x.Data())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		matrix := func(name string) *tensor.Tensor {
			rows, cols := rapid.IntRange(0, 3).Draw(t, name+" rows"), rapid.IntRange(0, 3).Draw(t, name+" columns")
			x, err := tensor.FromSlice(rapid.SliceOfN(value, rows*cols, rows*cols).Draw(t, name), rows, cols)
			require.NoError(t, err)
			return x
		}
		x, w, bias := matrix("x"), matrix("w"), matrix("bias")
		sizes, labels := rapid.SliceOfN(size, 0, 3).Draw(t, "counts"), rapid.SliceOfN(size, 0, 3).Draw(t, "labels")
		tau, temperature, classes := number.Draw(t, "tau"), number.Draw(t, "temperature"), size.Draw(t, "classes")
		head := &nn.Linear{Weight: autograd.NewParam(w), Bias: autograd.NewParam(bias)}
		if rapid.Bool().Draw(t, "without bias") {
			head.Bias = nil
		}
		if y, err := posthoc.AdjustLogits(x, sizes, tau); err == nil {
			finite(t, y)
		}
		if h, err := posthoc.AdjustHead(head, sizes, tau); err == nil {
			finite(t, h.Bias.Value)
		}
		if h, err := posthoc.TauNormalize(head, tau); err == nil {
			finite(t, h.Weight.Value)
		}
		_, _ = posthoc.Logits(head, x)
		_, _ = posthoc.Judge(x, labels)
		_, _ = posthoc.FitTemperature(x, labels)
		set := posthoc.Set{Features: x, Labels: labels, Classes: classes}
		_, _ = posthoc.KNN{K: size.Draw(t, "k"), Temperature: temperature}.Scores(set, w)
		if m, err := posthoc.NewClassMeans(set, posthoc.ClassMeansSettings{Center: tau == 1}); err == nil {
			_, _ = m.Scores(w)
			_, _ = m.Head()
		}
		_, _ = posthoc.Retrain{Epochs: min(classes, 2), Batch: classes, Seed: 1}.CRT(context.Background(), set)
		_, _, _ = posthoc.Retrain{Epochs: 1}.LWS(context.Background(), head, set)
		_, _, _ = posthoc.ChooseAdjustment(x, labels, sizes, []float64{tau})
		_, _, _ = posthoc.ChooseTau(head, set, []float64{tau})
		_, _, _ = posthoc.ChooseK(posthoc.KNN{}, set, set, []float64{tau})
		if h, err := posthoc.WeighExperts(head, []float64{tau, temperature}); err == nil {
			finite(t, h.Weight.Value)
		}
		if weights, err := (posthoc.Aggregation{Batch: classes, Least: tau}).Learn(context.Background(), []*tensor.Tensor{x, w}, []*tensor.Tensor{w, x}); err == nil {
			for _, v := range weights {
				require.True(t, v >= 0 && v <= 1, "%v", weights)
			}
		}
		router, err := posthoc.Retrain{Epochs: 1, Batch: 1}.Router(context.Background(), head, 2, set, posthoc.RouterSettings{Scale: tau, Positive: temperature})
		if err == nil {
			_, _ = router.Route(w)
		}
	})
}

func TestHugeTauIsAnError(t *testing.T) {
	x, err := tensor.FromSlice([]float32{1, 1}, 1, 2)
	require.NoError(t, err)
	_, err = posthoc.AdjustLogits(x, []int{3, 1}, 1e300)
	require.ErrorContains(t, err, "tau 1e+300")
	head := &nn.Linear{Weight: autograd.NewParam(tensor.New(2, 1))}
	_, err = posthoc.AdjustHead(head, []int{3, 1}, 1e300)
	require.ErrorContains(t, err, "tau 1e+300")
}

func TestNilArguments(t *testing.T) {
	nothing := &nn.Linear{Weight: &autograd.Param{}, Bias: &autograd.Param{}}
	for _, head := range []*nn.Linear{nil, {}, nothing, {Weight: autograd.NewParam(tensor.New(2, 1)), Bias: &autograd.Param{}}} {
		_, err := posthoc.Logits(head, tensor.New(1, 1))
		require.ErrorContains(t, err, "posthoc: ")
		_, err = posthoc.ExpertLogits(head, tensor.New(1, 2), 2)
		require.ErrorContains(t, err, "posthoc: ")
		_, err = posthoc.AdjustHead(head, []int{1, 1}, 1)
		require.ErrorContains(t, err, "posthoc: ")
	}
	_, err := posthoc.AdjustLogits(nil, []int{1}, 1)
	require.ErrorContains(t, err, "posthoc: ")
	_, err = posthoc.NewClassMeans(posthoc.Set{Classes: 2}, posthoc.ClassMeansSettings{})
	require.ErrorContains(t, err, "posthoc: ")
	_, _, err = posthoc.Choose([]float64{1}, []int{0}, nil)
	require.ErrorContains(t, err, "posthoc: ")
}
