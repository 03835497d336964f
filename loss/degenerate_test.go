package loss_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// run returns value, statistics and the gradient of the raw embedding or logits.
func run(t *testing.T, l loss.Loss, x *tensor.Tensor, labels []int) (float64, loss.Stats, []float32) {
	p := autograd.NewParam(x)
	tape := autograd.NewTape(autograd.Mode{Train: true})
	in := loss.Input{Labels: labels, Views: 1}
	if l.Needs().Embedding {
		in.Embedding = nn.L2Normalize(tape.Param(p))
	} else {
		in.Logits = tape.Param(p)
	}
	y, stats := l.Forward(in)
	require.Empty(t, y.Shape())
	tape.Backward(y, nil)
	grad := make([]float32, x.Len())
	if p.Grad != nil {
		copy(grad, p.Grad.Data())
	}
	return float64(y.Value().Item()), stats, grad
}

func finite(t *testing.T, v []float32) {
	for i, x := range v {
		require.False(t, math.IsNaN(float64(x)) || math.IsInf(float64(x), 0), "entry %d is %v", i, x)
	}
}

func bank(t *testing.T, classes, dim int) *prototype.Learnable {
	b, err := prototype.NewLearnable(prototype.Settings{Classes: classes, Dim: dim, Seed: 3})
	require.NoError(t, err)
	return b
}

func TestContrastWithoutAnyPositiveIsZero(t *testing.T) {
	for _, inside := range []bool{false, true} {
		for name, l := range contrasts(0.1, inside) {
			v, stats, g := run(t, l, gradtest.Normal(1, 1, 4, 3), []int{0, 1, 2, 3})
			require.Zero(t, v, name)
			require.Equal(t, loss.Stats{Skipped: 4}, stats)
			require.Equal(t, make([]float32, 12), g)
			v, stats, g = run(t, l, gradtest.Normal(1, 1, 1, 3), []int{0})
			require.Zero(t, v, name)
			require.Equal(t, loss.Stats{Skipped: 1}, stats)
			require.Equal(t, make([]float32, 3), g)
			v, _, _ = run(t, l, tensor.New(0, 3), nil)
			require.Zero(t, v, name)
		}
	}
}

func TestSkippedAnchorsAreCounted(t *testing.T) {
	for _, inside := range []bool{false, true} {
		for name, l := range contrasts(0.1, inside) {
			_, stats, g := run(t, l, gradtest.Normal(1, 1, 6, 4), []int{2, 0, 1, 2, 0, 2})
			require.Equal(t, loss.Stats{Anchors: 5, Skipped: 1}, stats, name)
			finite(t, g)
		}
	}
}

// One class: every other row is a positive, and the loss is what it is when all are equally near: log(n−1).
func TestOneClass(t *testing.T) {
	x := tensor.New(4, 3)
	for i := range 4 {
		x.Data()[i*3] = 2
	}
	for name, l := range contrasts(0.1, false) {
		v, stats, g := run(t, l, x, []int{0, 0, 0, 0})
		require.InDelta(t, math.Log(3), v, 1e-6, name)
		require.Equal(t, 4, stats.Anchors)
		finite(t, g)
	}
	require.EqualError(t, (&loss.PrototypicalContrastive{Bank: bank(t, 1, 3), Temperature: 1}).Prepare([]int{7}),
		"loss: prototypical contrastive: 1 class: there must be another class to contrast with")
}

func TestZeroEmbeddingIsCountedAndGetsNoGradient(t *testing.T) {
	x := gradtest.Normal(1, 1, 4, 3)
	clear(x.Data()[3:6])
	losses := contrasts(0.1, false)
	losses["prototypes"] = &loss.PrototypicalContrastive{Bank: bank(t, 2, 3), Temperature: 0.1}
	for _, l := range losses {
		v, stats, g := run(t, l, x.Clone(), []int{0, 0, 1, 1})
		require.False(t, math.IsNaN(v))
		require.Equal(t, 1, stats.ZeroRows)
		finite(t, g)
		require.Equal(t, make([]float32, 3), g[3:6])
	}
}

func TestTinyTemperatureStaysFinite(t *testing.T) {
	losses := []loss.Loss{
		&loss.PrototypicalContrastive{Bank: bank(t, 3, 3), Temperature: 1e-4},
		&loss.PrototypicalContrastive{Bank: bank(t, 3, 3), Temperature: 1e-4, IncludeOwn: true},
	}
	for _, inside := range []bool{false, true} {
		for _, l := range contrasts(1e-4, inside) {
			losses = append(losses, l)
		}
	}
	for _, l := range losses {
		v, _, g := run(t, l, gradtest.Normal(1, 100, 6, 3), []int{0, 0, 1, 1, 2, 2})
		require.False(t, math.IsNaN(v) || math.IsInf(v, 0))
		finite(t, g)
	}
}

func TestHugeLogitsStayFinite(t *testing.T) {
	x, err := tensor.FromSlice([]float32{1e30, -1e30, 0, -1e30, 3e38, 5}, 2, 3)
	require.NoError(t, err)
	v, _, g := run(t, &loss.CrossEntropy{}, x, []int{0, 1})
	require.Zero(t, v)
	finite(t, g)
}

func TestNaNReachesTheLoss(t *testing.T) {
	losses := contrasts(0.1, false)
	losses["inside, tile 3"] = contrasts(0.1, true)["tile 3"]
	losses["cross-entropy"] = &loss.CrossEntropy{}
	losses["prototypes"] = &loss.PrototypicalContrastive{Bank: bank(t, 3, 3), Temperature: 1}
	for _, l := range losses {
		x := gradtest.Normal(1, 1, 4, 3)
		x.Data()[4] = float32(math.NaN())
		v, _, _ := run(t, l, x, []int{0, 1, 0, 1})
		require.True(t, math.IsNaN(v), "%T", l)
	}
}

func TestCrossEntropyOfNothingIsZero(t *testing.T) {
	v, _, _ := run(t, &loss.CrossEntropy{}, tensor.New(0, 3), nil)
	require.Zero(t, v)
	v, _, g := run(t, &loss.CrossEntropy{Weights: []float64{0, 1}}, gradtest.Normal(1, 1, 2, 2), []int{0, 0})
	require.Zero(t, v)
	require.Equal(t, make([]float32, 4), g)
	v, _, _ = run(t, &loss.CrossEntropy{}, gradtest.Normal(1, 1, 1, 1), []int{0})
	require.Zero(t, v, "one class is always right")
}

func TestSettingsAreChecked(t *testing.T) {
	counts := []int{5, 2, 1}
	for want, l := range map[string]loss.Preparer{
		"loss: supervised contrastive: Temperature -1 must be finite and above 0 (0 means the paper's 0.1)":                               &loss.SupervisedContrastive{Temperature: -1},
		"loss: supervised contrastive: Temperature NaN must be finite and above 0 (0 means the paper's 0.1)":                              &loss.SupervisedContrastive{Temperature: math.NaN()},
		"loss: prototypical contrastive: Temperature -1 must be finite and above 0 (0 means the paper's 1 on CIFAR-10, 0.1 on CIFAR-100)": &loss.PrototypicalContrastive{Bank: bank(t, 3, 2), Temperature: -1},
		"loss: prototypical contrastive: Bank is nil: set prototypes of package prototype":                                                &loss.PrototypicalContrastive{Temperature: 1},
		"loss: prototypical contrastive: Bank has 5 prototypes, 3 classes take 3":                                                         &loss.PrototypicalContrastive{Bank: bank(t, 5, 2), Temperature: 1},
		"loss: cross-entropy: 2 weights for 3 classes":                                                                                    &loss.CrossEntropy{Weights: []float64{1, 2}},
		"loss: cross-entropy: weight -1 of class 1 must be finite and not negative":                                                       &loss.CrossEntropy{Weights: []float64{1, -1, 1}},
		"loss: cross-entropy: smoothing 1 must be in [0, 1)":                                                                              &loss.CrossEntropy{Smoothing: 1},
		"loss: cross-entropy: reduction 7 is not WeightedMean, Mean or Sum":                                                               &loss.CrossEntropy{Reduction: 7},
	} {
		require.EqualError(t, l.Prepare(counts), want)
	}
	require.NoError(t, (&loss.CrossEntropy{Weights: []float64{1, 0, 2}}).Prepare(counts))
}

func TestMisusePanicsWithTensorError(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	x := tape.Const(tensor.New(2, 3))
	mix := &loss.Mix{Labels: []int{0, 1}, Weight: []float32{1, 1}}
	for want, fn := range map[string]func(){
		"loss.CrossEntropy [2]: label 3 of row 1 is not one of 3 classes":        func() { (&loss.CrossEntropy{}).Forward(loss.Input{Logits: x, Labels: []int{0, 3}}) },
		"loss.CrossEntropy [2]: label -1 of row 0 is not one of 3 classes":       func() { (&loss.CrossEntropy{}).Forward(loss.Input{Logits: x, Labels: []int{-1, 0}}) },
		"loss.CrossEntropy [2 3], [1]: needs a matrix with a row for each label": func() { (&loss.CrossEntropy{}).Forward(loss.Input{Logits: x, Labels: []int{0}}) },
		"loss.CrossEntropy: its input was not computed: Needs must ask for it":   func() { (&loss.CrossEntropy{}).Forward(loss.Input{Embedding: x, Labels: []int{0, 1}}) },
		"loss.CrossEntropy [1], [0]: Mix needs a label and a weight for each of 2 rows": func() {
			(&loss.CrossEntropy{}).Forward(loss.Input{Logits: x, Labels: []int{0, 1}, Mix: &loss.Mix{Labels: []int{1}}})
		},
		"loss.SupervisedContrastive: has no form for mixed samples: give the term views that are not mixed, or use cross-entropy": func() {
			(&loss.SupervisedContrastive{Temperature: 1}).Forward(loss.Input{Embedding: x, Labels: []int{0, 1}, Mix: mix})
		},
		"loss.SupervisedContrastive: loss: supervised contrastive: Temperature -1 must be finite and above 0 (0 means the paper's 0.1)": func() {
			(&loss.SupervisedContrastive{Temperature: -1}).Forward(loss.Input{Embedding: x, Labels: []int{0, 1}})
		},
		"loss.PrototypicalContrastive [2 3], [4 7]: embeddings and prototypes differ in width": func() {
			(&loss.PrototypicalContrastive{Bank: bank(t, 4, 7), Temperature: 1}).Forward(loss.Input{Embedding: x, Labels: []int{0, 1}})
		},
		"loss.CrossEntropy [2]: weight 7 of row 1 in Mix is not in [0, 1]": func() {
			(&loss.CrossEntropy{}).Forward(loss.Input{Logits: x, Labels: []int{0, 1}, Mix: &loss.Mix{Labels: []int{1, 1}, Weight: []float32{1, 7}}})
		},
		"loss.PrototypicalContrastive [2]: label 5 of row 0 is not one of 4 classes": func() {
			(&loss.PrototypicalContrastive{Bank: bank(t, 4, 3), Temperature: 1}).Forward(loss.Input{Embedding: x, Labels: []int{5, 1}})
		},
	} {
		require.EqualError(t, tensor.Try(func() error { fn(); return nil }), want)
	}
}
