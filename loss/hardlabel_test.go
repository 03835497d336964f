package loss_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

var tailCounts = []int{500, 40, 3}

// prepared returns l after Prepare.
func prepared[L interface {
	loss.Loss
	loss.Preparer
}](t *testing.T, l L, counts []int) L {
	require.NoError(t, l.Prepare(counts))
	return l
}

// logp64 is log softmax_y(x) as it is written down.
func logp64(x []float64, y int) float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v)
	}
	return math.Log(math.Exp(x[y]) / sum)
}

// effective64 are the class-balanced weights as the paper writes them.
func effective64(counts []int, beta float64) []float64 {
	w, sum := make([]float64, len(counts)), 0.0
	for c, n := range counts {
		w[c] = (1 - beta) / (1 - math.Pow(beta, float64(n)))
		sum += w[c]
	}
	for c := range w {
		w[c] *= float64(len(w)) / sum
	}
	return w
}

func TestHardLabelGradients(t *testing.T) {
	labels := []int{0, 2, 1, 2, 0}
	mix := &loss.Mix{Labels: []int{1, 2, 0, 0, 2}, Weight: []float32{1, 0.25, 0.5, 0.75, 0}}
	focal := func(gamma float64, w []float64) func([]float64, int) (float64, float64) {
		return func(x []float64, y int) (float64, float64) {
			lp := logp64(x, y)
			return -w[y] * math.Pow(1-math.Exp(lp), gamma) * lp, 1
		}
	}
	one, ldamW := []float64{1, 1, 1}, effective64(tailCounts, 0.99)
	ldam := func(scale, margin float64, w []float64) func([]float64, int) (float64, float64) {
		return func(x []float64, y int) (float64, float64) {
			z := make([]float64, len(x))
			for j, v := range x {
				z[j] = scale * v
			}
			z[y] -= scale * margin * math.Pow(float64(tailCounts[y]), -0.25) / math.Pow(3, -0.25)
			return -w[y] * logp64(z, y), w[y]
		}
	}
	adjusted := func(tau float64) func([]float64, int) (float64, float64) {
		return func(x []float64, y int) (float64, float64) {
			z := make([]float64, len(x))
			for j, v := range x {
				z[j] = v + tau*math.Log(float64(tailCounts[j])/543)
			}
			return -logp64(z, y), 1
		}
	}
	balanced := effective64(tailCounts, 0.9999)
	for name, c := range map[string]struct {
		loss loss.Loss
		std  float64
		row  func(x []float64, y int) (loss, weight float64)
	}{
		"focal":                   {&loss.Focal{Gamma: 2}, 2, focal(2, one)},
		"focal, γ 0.5 and weight": {&loss.Focal{Gamma: 0.5, Weights: []float64{1, 0, 3}}, 2, focal(0.5, []float64{1, 0, 3})},
		"focal, γ 0":              {&loss.Focal{Gamma: loss.Off}, 2, focal(0, one)},
		"class-balanced": {&loss.ClassBalanced{}, 2, func(x []float64, y int) (float64, float64) {
			return -balanced[y] * logp64(x, y), 1
		}},
		"class-balanced by weights": {&loss.ClassBalanced{Beta: 0.9999, DivideByWeights: true}, 2, func(x []float64, y int) (float64, float64) {
			return -balanced[y] * logp64(x, y), balanced[y]
		}},
		"LDAM": {&loss.LDAM{}, 0.3, ldam(30, 0.5, one)},
		"LDAM of logits that are scaled": {&loss.LDAM{MaxMargin: 0.2, Scale: 5, Scaled: true, Reweight: true, Beta: 0.99}, 4, func(x []float64, y int) (float64, float64) {
			cosines := make([]float64, len(x))
			for j, v := range x {
				cosines[j] = v / 5
			}
			return ldam(5, 0.2, ldamW)(cosines, y)
		}},
		"LDAM with weights": {&loss.LDAM{MaxMargin: 0.2, Scale: 5, Reweight: true, Beta: 0.99}, 1, ldam(5, 0.2, ldamW)},
		"DRW, late": {&loss.DRW{Before: &loss.LDAM{}, After: &loss.LDAM{MaxMargin: 0.2, Scale: 5, Reweight: true, Beta: 0.99}, Start: 0.5}, 1,
			ldam(5, 0.2, ldamW)},
		"balanced softmax": {&loss.LogitAdjusted{}, 2, adjusted(1)},
		"logit-adjusted":   {&loss.LogitAdjusted{Tau: 1.5}, 2, adjusted(1.5)},
	} {
		for _, m := range []*loss.Mix{nil, mix} {
			t.Run(name, func(t *testing.T) {
				require.NoError(t, c.loss.(loss.Preparer).Prepare(tailCounts))
				gradtest.Check(t, gradtest.Case{
					Inputs: []*tensor.Tensor{gradtest.Normal(1, c.std, 5, 3)},
					Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
						y, stats := c.loss.Forward(loss.Input{Logits: in[0], Labels: labels, Views: 1, Mix: m, At: schedule.Progress{Epoch: 5, Epochs: 10}})
						require.Equal(t, loss.Stats{Anchors: 5}, stats)
						return y
					},
					Reference: func(in [][]float64) []float64 {
						sum, weight := 0.0, 0.0
						add := func(x []float64, y int, share float64) {
							l, w := c.row(x, y)
							sum, weight = sum+share*l, weight+share*w
						}
						for i, y := range labels {
							x, k := in[0][i*3:i*3+3], 1.0
							if m != nil {
								k = float64(m.Weight[i])
								add(x, m.Labels[i], 1-k)
							}
							add(x, y, k)
						}
						return []float64{sum / weight}
					},
				})
			})
		}
	}
}

// hardLabelLosses are ready for the given counts.
func hardLabelLosses(t *testing.T, counts []int) []loss.Loss {
	return []loss.Loss{
		prepared(t, &loss.Focal{Gamma: 2}, counts), prepared(t, &loss.Focal{Gamma: 0.5}, counts),
		prepared(t, &loss.ClassBalanced{}, counts), prepared(t, &loss.LDAM{}, counts), prepared(t, &loss.LogitAdjusted{}, counts),
		prepared(t, &loss.LDAM{Scaled: true}, counts),
		prepared(t, &loss.DRW{Before: &loss.LDAM{}, After: &loss.LDAM{Reweight: true}}, counts),
	}
}

func TestHardLabelDegenerateInputs(t *testing.T) {
	for _, l := range hardLabelLosses(t, tailCounts) {
		v, stats, _ := run(t, l, tensor.New(0, 3), nil)
		require.Zero(t, v, "%T of nothing", l)
		require.Equal(t, loss.Stats{}, stats)

		v, _, g := run(t, l, gradtest.Normal(1, 1, 1, 3), []int{2})
		require.Greater(t, v, 0.0, "%T of one row", l)
		finite(t, g)

		huge, err := tensor.FromSlice([]float32{1e30, -1e30, 0, -1e30, 3e38, 5}, 2, 3)
		require.NoError(t, err)
		v, _, g = run(t, l, huge, []int{0, 1})
		require.Zero(t, v, "%T of sure rows", l)
		finite(t, g)

		x := gradtest.Normal(1, 1, 2, 3)
		x.Data()[4] = float32(math.NaN())
		v, _, _ = run(t, l, x, []int{0, 1})
		require.True(t, math.IsNaN(v), "%T of NaN", l)
	}
	for _, l := range hardLabelLosses(t, []int{7}) {
		v, _, g := run(t, l, gradtest.Normal(1, 1, 2, 1), []int{0, 0})
		require.Zero(t, v, "%T: one class is always right", l)
		require.Equal(t, []float32{0, 0}, g)
	}
}

// Focal loss of a row as good as right must not lose 1−p to rounding, nor divide by it.
func TestFocalOfSureRows(t *testing.T) {
	for gap, want := range map[float32]float64{20: math.Pow(math.Exp(-20), 3), 5: math.Pow(1-1/(1+math.Exp(-5)), 2) * math.Log1p(math.Exp(-5))} {
		x, err := tensor.FromSlice([]float32{gap, 0}, 1, 2)
		require.NoError(t, err)
		v, _, _ := run(t, &loss.Focal{Gamma: 2}, x, []int{0})
		require.InEpsilon(t, want, v, 1e-6)
	}
	x, err := tensor.FromSlice([]float32{1000, 0}, 1, 2)
	require.NoError(t, err)
	v, _, g := run(t, &loss.Focal{Gamma: 0.5}, x, []int{0})
	require.Zero(t, v)
	finite(t, g)
}

func TestClassBalancedWeightsNearOne(t *testing.T) {
	counts := []int{5000, 50, 1}
	inverse, err := loss.ClassBalancedWeights(counts, 1)
	require.NoError(t, err)
	require.InDelta(t, 3/(1/5000.0+1/50.0+1)/5000, inverse[0], 1e-15)
	near, err := loss.ClassBalancedWeights(counts, 1-1e-15)
	require.NoError(t, err)
	require.InDeltaSlice(t, inverse, near, 1e-9)
	plain, err := loss.ClassBalancedWeights(counts, 0)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 1, 1}, plain)
	want := effective64(counts, 0.9999)
	got, err := loss.ClassBalancedWeights(counts, 0.9999)
	require.NoError(t, err)
	require.InDeltaSlice(t, want, got, 1e-12)
}

// A class without images is outside of the softmax of adjusted logits, whatever its logit.
func TestLogitAdjustedWithAnEmptyTail(t *testing.T) {
	l := prepared(t, &loss.LogitAdjusted{}, []int{30, 10, 0})
	x, err := tensor.FromSlice([]float32{1, 2, 100}, 1, 3)
	require.NoError(t, err)
	v, _, g := run(t, l, x, []int{1})
	require.InDelta(t, math.Log(1+3*math.Exp(-1)), v, 1e-6)
	require.Zero(t, g[2])
	tape := autograd.NewTape(autograd.Mode{})
	in := loss.Input{Logits: tape.Const(x), Labels: []int{0}, Mix: &loss.Mix{Labels: []int{2}, Weight: []float32{0.5}}}
	want := "loss.LogitAdjusted [1]: label 2 of row 0 is of a class that has no training images by the counts of Prepare"
	require.EqualError(t, tensor.Try(func() error { l.Forward(in); return nil }), want)
	in.Labels, in.Mix = []int{2}, nil
	require.EqualError(t, tensor.Try(func() error { l.Forward(in); return nil }), want)
}

func TestDRWStartsLate(t *testing.T) {
	l := prepared(t, &loss.DRW{Before: &loss.CrossEntropy{}, After: &loss.ClassBalanced{DivideByWeights: true}}, tailCounts)
	x := gradtest.Normal(3, 1, 4, 3)
	labels := []int{0, 2, 1, 1}
	at := func(l loss.Loss, epoch, epochs int) float32 {
		tape := autograd.NewTape(autograd.Mode{})
		y, _ := l.Forward(loss.Input{Logits: tape.Const(x), Labels: labels, Views: 1, At: schedule.Progress{Epoch: epoch, Epochs: epochs}})
		return y.Value().Item()
	}
	before, after := at(l.Before, 0, 1), at(l.After, 0, 1)
	require.NotEqual(t, before, after)
	for _, c := range []struct {
		epoch, epochs int
		want          float32
	}{{0, 200, before}, {159, 200, before}, {160, 200, after}, {199, 200, after}, {3, 5, before}, {4, 5, after}, {0, 0, before}} {
		require.Equal(t, c.want, at(l, c.epoch, c.epochs), "epoch %d of %d", c.epoch, c.epochs)
	}
	l.Start = 1
	require.Equal(t, before, at(l, 199, 200))
}

func TestDRWBuildsBothLosses(t *testing.T) {
	before, after := &loss.PrototypicalContrastive{}, &loss.PrototypicalContrastive{}
	l := &loss.DRW{Before: before, After: after, Start: 1}
	require.NoError(t, l.Build(loss.Target{Classes: 3, Dim: 2}))
	require.NotNil(t, before.Prototypes())
	require.NotNil(t, after.Prototypes())
	require.NoError(t, l.Prepare(tailCounts), "from the last epoch on means never")
	require.ErrorContains(t, (&loss.DRW{Before: &loss.CrossEntropy{}, After: after}).Build(loss.Target{}), "loss: DRW: after: ")
}

func TestBuildKeepsPrototypesOfTheSameTarget(t *testing.T) {
	l, target := &loss.PrototypicalContrastive{}, loss.Target{Classes: 3, Dim: 2}
	require.NoError(t, l.Build(target))
	first := l.Prototypes()
	require.NoError(t, l.Build(target))
	require.Same(t, first, l.Prototypes(), "a second run trains them on")
	target.Classes = 4
	require.NoError(t, l.Build(target))
	require.NotSame(t, first, l.Prototypes())
	own := bank(t, 3, 2)
	l.Bank = own
	require.NoError(t, l.Build(target))
	require.Same(t, own, l.Prototypes())
	l.Bank = nil
	require.NotSame(t, own, l.Prototypes())
}

func TestHardLabelSettingsAreChecked(t *testing.T) {
	empty := []int{5, 0, 1}
	for want, c := range map[string]struct {
		loss   loss.Preparer
		counts []int
	}{
		"loss: focal: Gamma -2 must be finite and above 0, or loss.Off for 0 (0 means the paper's 2)":                                 {&loss.Focal{Gamma: -2}, tailCounts},
		"loss: focal: Gamma NaN must be finite and above 0, or loss.Off for 0 (0 means the paper's 2)":                                {&loss.Focal{Gamma: math.NaN()}, tailCounts},
		"loss: focal: 1 weights for 3 classes":                                                                                        {&loss.Focal{Weights: []float64{1}}, tailCounts},
		"loss: class-balanced weights: beta 1.5 must be in [0, 1] (the paper uses 0.9999)":                                            {&loss.ClassBalanced{Beta: 1.5}, tailCounts},
		"loss: LDAM: MaxMargin -0.5 must be finite and above 0, or loss.Off for 0 (0 means the paper's 0.5)":                          {&loss.LDAM{MaxMargin: -0.5}, tailCounts},
		"loss: LDAM: Beta 0.99 has no effect without Reweight: set it, or leave Beta out":                                             {&loss.LDAM{Beta: 0.99}, tailCounts},
		"loss: LDAM: Scale NaN must be finite and above 0 (0 means the paper's 30)":                                                   {&loss.LDAM{Scale: math.NaN()}, tailCounts},
		"loss: logit-adjusted: Tau +Inf must be finite and above 0, or loss.Off for 0 (0 means the paper's 1)":                        {&loss.LogitAdjusted{Tau: math.Inf(1)}, tailCounts},
		"loss: logit-adjusted: no class has training images: there are no priors to adjust by":                                        {&loss.LogitAdjusted{}, []int{0, 0}},
		"loss: logit-adjusted: class 1 has -2 training images":                                                                        {&loss.LogitAdjusted{}, []int{5, -2}},
		"loss: DRW: Before and After must both be set, to the same loss without weights and with them":                                {&loss.DRW{Before: &loss.LDAM{}}, tailCounts},
		"loss: DRW: Start -0.5 must be in (0, 1], or 0 for 0.8":                                                                       {&loss.DRW{Before: &loss.LDAM{}, After: &loss.LDAM{}, Start: -0.5}, tailCounts},
		"loss: DRW: after: loss: focal: Gamma -2 must be finite and above 0, or loss.Off for 0 (0 means the paper's 2)":               {&loss.DRW{Before: &loss.LDAM{}, After: &loss.Focal{Gamma: -2}}, tailCounts},
		"loss: class-balanced weights: class 1 has 0 training images: leave it out, or use a loss that does not divide by the counts": {&loss.ClassBalanced{}, empty},
		"loss: LDAM: class 1 has 0 training images: leave it out, or use a loss that does not divide by the counts":                   {&loss.LDAM{}, empty},
	} {
		require.EqualError(t, c.loss.Prepare(c.counts), want)
	}
	require.Equal(t, loss.Needs{}, (&loss.DRW{}).Needs())
	require.Equal(t, loss.Needs{}, (&loss.DRW{Before: &loss.LDAM{}}).Needs())
	require.Equal(t, loss.Needs{}, (&loss.DRW{After: &loss.LDAM{}}).Needs())
}

func TestHardLabelLossesNeedPrepare(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	in := loss.Input{Logits: tape.Const(tensor.New(1, 3)), Labels: []int{0}, Views: 1}
	for want, l := range map[string]loss.Loss{
		"loss.ClassBalanced: Prepare was given the counts of 0 classes, the input has 3":                          &loss.ClassBalanced{},
		"loss.LDAM: Prepare was given the counts of 2 classes, the input has 3":                                   prepared(t, &loss.LDAM{}, []int{1, 1}),
		"loss.LogitAdjusted: Prepare was given the counts of 0 classes, the input has 3":                          &loss.LogitAdjusted{},
		"loss.DRW: loss: DRW: Before and After must both be set, to the same loss without weights and with them":  &loss.DRW{},
		"loss.Focal: loss: focal: Gamma -2 must be finite and above 0, or loss.Off for 0 (0 means the paper's 2)": &loss.Focal{Gamma: -2},
	} {
		require.EqualError(t, tensor.Try(func() error { l.Forward(in); return nil }), want)
	}
}
