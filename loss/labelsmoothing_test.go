package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The value and the gradient are those of the authors' formula, written down once more in float64: f as they write it.
func TestLabelAwareSmoothingGradient(t *testing.T) {
	counts, labels := []int{500, 40, 3}, []int{0, 2, 1, 2, 0}
	mix := &loss.Mix{Labels: []int{1, 2, 0, 0, 2}, Weight: []float32{1, 0.25, 0.5, 0.75, 0}}
	const head, tail = 0.35, 0.05
	curves := map[loss.SmoothingCurve]func(n float64) float64{
		loss.Concave: func(n float64) float64 { return tail + (head-tail)*math.Sin((n-3)*math.Pi/(2*497)) },
		loss.Linear:  func(n float64) float64 { return tail + (head-tail)*(n-3)/497 },
		loss.Convex:  func(n float64) float64 { return head + (head-tail)*math.Sin(1.5*math.Pi+(n-3)*math.Pi/(2*497)) },
	}
	for curve, epsilon := range curves {
		l := &loss.LabelAwareSmoothing{Head: head, Tail: tail, Curve: curve}
		require.NoError(t, l.Prepare(counts))
		formula := func(x []float64, y int) float64 {
			e, all := epsilon(float64(counts[y])), 0.0
			for j := range x {
				all -= logp64(x, j) / 3
			}
			return -(1-e)*logp64(x, y) + e*all
		}
		for _, m := range []*loss.Mix{nil, mix} {
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 2, 5, 3)},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
					y, stats := l.Forward(loss.Input{Logits: in[0], Labels: labels, Views: 1, Mix: m})
					require.Equal(t, loss.Stats{Anchors: 5}, stats)
					return y
				},
				Reference: func(in [][]float64) []float64 {
					sum := 0.0
					for i, y := range labels {
						row, share := in[0][3*i:3*i+3], 1.0
						if m != nil {
							share = float64(m.Weight[i])
							sum += (1 - share) * formula(row, m.Labels[i])
						}
						sum += share * formula(row, y)
					}
					return []float64{sum / 5}
				},
			})
		}
	}
}

// Without smoothing it is cross-entropy, and with as many images of each class that of one smoothing.
func TestLabelAwareSmoothingHasItsSpecialCases(t *testing.T) {
	x, labels := gradtest.Normal(2, 3, 4, 3), []int{0, 1, 2, 2}
	value := func(l loss.Loss, counts ...int) float64 {
		require.NoError(t, l.(loss.Preparer).Prepare(counts))
		v, _, _ := run(t, l, x, labels)
		return v
	}
	require.InDelta(t, value(&loss.CrossEntropy{}, 50, 20, 5), value(&loss.LabelAwareSmoothing{Head: loss.Off, Tail: loss.Off}, 50, 20, 5), 1e-6)
	require.InDelta(t, value(&loss.CrossEntropy{Smoothing: 0.3}, 1, 1, 1), value(&loss.LabelAwareSmoothing{}, 7, 7, 7), 1e-6)
	require.InDelta(t, value(&loss.CrossEntropy{Smoothing: 0.2}, 1, 1, 1), value(&loss.LabelAwareSmoothing{Head: 0.2, Tail: 0.2}, 9, 4, 0), 1e-6)

	// For more than ten classes the authors' settings are others.
	for classes, smoothing := range map[int]map[int]float64{10: {0: 0.3, 5: 0}, 11: {0: 0.4, 5: 0.1}} {
		counts := make([]int, classes)
		counts[0] = 100
		wide := gradtest.Normal(3, 2, 2, classes)
		l := &loss.LabelAwareSmoothing{}
		require.NoError(t, l.Prepare(counts))
		for label, epsilon := range smoothing {
			got, _, _ := run(t, l, wide, []int{label, label})
			want, _, _ := run(t, &loss.CrossEntropy{Smoothing: epsilon}, wide, []int{label, label})
			require.InDelta(t, want, got, 1e-6, "%d classes, label %d", classes, label)
		}
	}
}

// No rows, one row, one class, an empty tail class, huge logits, NaN.
func TestLabelAwareSmoothingDegenerateInputs(t *testing.T) {
	l := &loss.LabelAwareSmoothing{}
	require.NoError(t, l.Prepare([]int{30, 10, 0}))
	v, stats, _ := run(t, l, tensor.New(0, 3), nil)
	require.Zero(t, v)
	require.Equal(t, loss.Stats{}, stats)
	v, _, g := run(t, l, tensor.New(1, 3), []int{2})
	require.InDelta(t, math.Log(3), v, 1e-6)
	finite(t, g)

	huge, err := tensor.FromSlice([]float32{3e38, -1e30, 0}, 1, 3)
	require.NoError(t, err)
	v, _, g = run(t, l, huge, []int{2})
	require.False(t, math.IsNaN(v))
	finite(t, g)
	huge.Data()[1] = float32(math.NaN())
	v, _, _ = run(t, l, huge, []int{0})
	require.True(t, math.IsNaN(v))

	require.NoError(t, l.Prepare([]int{7}))
	v, _, g = run(t, l, gradtest.Normal(1, 1, 2, 1), []int{0, 0})
	require.Zero(t, v, "one class is always right")
	require.Equal(t, []float32{0, 0}, g)
}

func TestLabelAwareSmoothingSaysWhatIsWrong(t *testing.T) {
	for want, l := range map[string]*loss.LabelAwareSmoothing{
		"label-aware smoothing: Head 1 must":      {Head: 1},
		"label-aware smoothing: Head NaN must":    {Head: math.NaN()},
		"label-aware smoothing: Tail -0.5 must":   {Tail: -0.5},
		"label-aware smoothing: Curve 3 is not C": {Curve: 3},
	} {
		require.ErrorContains(t, l.Prepare([]int{1, 1}), want)
	}
	tape := autograd.NewTape(autograd.Mode{})
	in := loss.Input{Logits: tape.Const(tensor.New(1, 2)), Labels: []int{1}, Views: 1}
	err := tensor.Try(func() error { (&loss.LabelAwareSmoothing{}).Forward(in); return nil })
	require.ErrorContains(t, err, "loss.LabelAwareSmoothing: Prepare was given the counts of 0 classes")
}

func ExampleLabelAwareSmoothing() {
	l := &loss.LabelAwareSmoothing{Head: 0.3}
	fmt.Println(l.Prepare([]int{900, 100}))
	tape := autograd.NewTape(autograd.Mode{})
	sure, err := tensor.FromSlice([]float32{9, 0, 0, 9}, 2, 2) // of class 0, and of class 1
	fmt.Println(err)
	for label := range 2 {
		row := tape.Const(sure.Rows(label, label+1))
		value, _ := l.Forward(loss.Input{Logits: row, Labels: []int{label}, Views: 1})
		fmt.Printf("%.3f\n", value.Value().Item()) // being too sure of the frequent class costs
	}
	// Output:
	// <nil>
	// <nil>
	// 1.350
	// 0.000
}
