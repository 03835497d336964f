package posthoc_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// descend is the training of a head once more, plainly, in float64: momentum 0.9, weight decay 5e-4, a cosine from 0.2 by
// step, class-aware draws. grads gives the gradient of one row's logits to the parameters.
func descend(t *testing.T, params []float64, trainSet posthoc.Set, epochs, batch int, seed uint64,
	logits func(r int) []float64, spread func(r int, g []float64, into []float64)) {
	t.Helper()
	momentum := make([]float64, len(params))
	for epoch := range epochs {
		order, err := sampler.ClassAware{}.Epoch(trainSet.Labels, sampler.Plan{At: schedule.Progress{Epoch: epoch}, Seed: seed})
		require.NoError(t, err)
		steps := len(order) / batch
		for step := range steps {
			grad := make([]float64, len(params))
			for _, r := range order[step*batch : (step+1)*batch] {
				x, sum := logits(r), 0.0
				for _, v := range x {
					sum += math.Exp(v)
				}
				for c, v := range x {
					x[c] = math.Exp(v) / sum / float64(batch)
				}
				x[trainSet.Labels[r]] -= 1 / float64(batch)
				spread(r, x, grad)
			}
			done := (float64(epoch) + float64(step)/float64(steps)) / float64(epochs)
			rate := 0.2 * (1 + math.Cos(math.Pi*done)) / 2
			for i := range params {
				momentum[i] = 0.9*momentum[i] + grad[i] + 5e-4*params[i]
				params[i] -= rate * momentum[i]
			}
		}
	}
}

func TestCRTAgainstPlainDescent(t *testing.T) {
	trainSet := clouds(1, 4, 0.7, 50, 14, 5)
	head, err := posthoc.Retrain{Batch: 16, Seed: 7}.CRT(t.Context(), trainSet)
	require.NoError(t, err)

	start := nn.NewLinear(nn.LinearSettings{In: 4, Out: 3, Seed: 7})
	params := make([]float64, 15) // weights, then the bias
	for i, v := range append(start.Weight.Value.Clone().Data(), start.Bias.Value.Data()...) {
		params[i] = float64(v)
	}
	descend(t, params, trainSet, 10, 16, 7, func(r int) []float64 {
		x := row(trainSet.Features, r)
		return []float64{dot(params[0:4], x) + params[12], dot(params[4:8], x) + params[13], dot(params[8:12], x) + params[14]}
	}, func(r int, g, into []float64) {
		for c, v := range g {
			for k, x := range row(trainSet.Features, r) {
				into[4*c+k] += v * x
			}
			into[12+c] += v
		}
	})
	for i, v := range append(head.Weight.Value.Clone().Data(), head.Bias.Value.Data()...) {
		require.InDelta(t, params[i], float64(v), 1e-4, "parameter %d", i)
	}
}

// The zero value has ten epochs of batches of 512.
func TestRetrainDefaults(t *testing.T) {
	trainSet := clouds(1, 4, 0.7, 700, 14, 5)
	want, err := posthoc.Retrain{Epochs: 10, Batch: 512}.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	got, err := posthoc.Retrain{}.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	require.Equal(t, want.Weight.Value.Data(), got.Weight.Value.Data())
}

func TestTuneAgainstPlainDescent(t *testing.T) {
	trainSet := clouds(1, 4, 0.7, 50, 14, 5)
	weights, bias := []float32{1, -2, 0.5, 1, 0.2, 0.1, -0.3, 0.2, 0, 0.1, 0.05, -0.1}, []float32{0.5, 0, -0.5}
	head := linear(3, 4, weights, bias)
	got, err := posthoc.Retrain{Batch: 16, Epochs: 3, Seed: 7}.Tune(t.Context(), head, trainSet)
	require.NoError(t, err)
	params := make([]float64, 15)
	for i, v := range append(append([]float32{}, weights...), bias...) {
		params[i] = float64(v)
	}
	descend(t, params, trainSet, 3, 16, 7, func(r int) []float64 {
		x := row(trainSet.Features, r)
		return []float64{dot(params[0:4], x) + params[12], dot(params[4:8], x) + params[13], dot(params[8:12], x) + params[14]}
	}, func(r int, g, into []float64) {
		for c, v := range g {
			for k, x := range row(trainSet.Features, r) {
				into[4*c+k] += v * x
			}
			into[12+c] += v
		}
	})
	for i, v := range append(got.Weight.Value.Clone().Data(), got.Bias.Value.Data()...) {
		require.InDelta(t, params[i], float64(v), 1e-4, "parameter %d", i)
	}
	require.Equal(t, weights, head.Weight.Value.Data(), "the head is only read")

	for want, wrong := range map[string]*nn.Linear{"no head": nil, "features of width 4, the classifier is of width 3": linear(3, 3, make([]float32, 9), nil),
		"a head of 2 classes for a set of 3": linear(2, 4, make([]float32, 8), nil)} {
		_, err := posthoc.Retrain{}.Tune(t.Context(), wrong, trainSet)
		require.ErrorContains(t, err, want)
	}
	_, err = posthoc.Retrain{}.Tune(t.Context(), head, posthoc.Set{Classes: 3})
	require.Error(t, err)
	_, err = posthoc.Retrain{}.Tune(t.Context(), linear(3, 4, weights, nil), trainSet)
	require.NoError(t, err)
}

func TestLWSAgainstPlainDescent(t *testing.T) {
	trainSet := clouds(1, 4, 0.7, 50, 14, 5)
	head := linear(3, 4, []float32{1, -2, 0.5, 1, 0.2, 0.1, -0.3, 0.2, 0, 0.1, 0.05, -0.1}, []float32{0.5, 0, -0.5})
	got, scales, err := posthoc.Retrain{Batch: 16, Epochs: 4, Seed: 3}.LWS(t.Context(), head, trainSet)
	require.NoError(t, err)

	fixed, err := posthoc.Logits(head, trainSet.Features)
	require.NoError(t, err)
	want := []float64{1, 1, 1}
	descend(t, want, trainSet, 4, 16, 3, func(r int) []float64 {
		x := row(fixed, r)
		return []float64{want[0] * x[0], want[1] * x[1], want[2] * x[2]}
	}, func(r int, g, into []float64) {
		for c, v := range g {
			into[c] += v * row(fixed, r)[c]
		}
	})
	for c := range want {
		require.InDelta(t, want[c], float64(scales[c]), 1e-4)
		for k := range 4 {
			require.InDelta(t, float64(scales[c]*head.Weight.Value.Data()[4*c+k]), float64(got.Weight.Value.Data()[4*c+k]), 1e-6)
		}
		require.InDelta(t, float64(scales[c]*head.Bias.Value.Data()[c]), float64(got.Bias.Value.Data()[c]), 1e-6)
	}
	require.Equal(t, float32(1), head.Weight.Value.Data()[0], "the head is only read")
}

func TestHeadsTrainedBalancedHelpRareClasses(t *testing.T) {
	trainSet, test := clouds(1, 6, 1.2, 1000, 100, 15, 10), clouds(2, 6, 1.2, 100, 100, 100, 100)
	usual := posthoc.Retrain{Sampler: sampler.Instance{}, Batch: 64, Seed: 1}
	head, err := usual.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	judge := func(h *nn.Linear) float64 {
		x, err := posthoc.Logits(h, test.Features)
		require.NoError(t, err)
		return accuracy(t, x, test.Labels)
	}
	balanced, err := posthoc.Retrain{Batch: 64, Seed: 1}.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	require.Greater(t, judge(balanced), judge(head)+0.1)
	scaled, _, err := posthoc.Retrain{Batch: 64, Seed: 1}.LWS(t.Context(), head, trainSet)
	require.NoError(t, err)
	require.Greater(t, judge(scaled), judge(head)+0.02)
}

// fixed draws the same images in each epoch.
type fixed []int

func (f fixed) Epoch([]int, sampler.Plan) ([]int, error) { return f, nil }

// An epoch has all whole batches of its sampler's draws, and the schedule is told how many.
func TestRetrainStepsAreThoseOfTheDraws(t *testing.T) {
	trainSet := clouds(1, 2, 1, 40, 9, 3)
	for _, c := range []struct {
		s     sampler.Sampler
		steps int
	}{{nil, 7}, {sampler.ClassAware{}, 7}, {sampler.Instance{}, 3}, {sampler.ClassBalanced{}, 3}, {make(fixed, 16), 1}, {make(fixed, 200), 12}} {
		var want, got []schedule.Progress
		for epoch := range 2 {
			for step := range c.steps {
				want = append(want, schedule.Progress{Epoch: epoch, Epochs: 2, Step: step, Steps: c.steps})
			}
		}
		r := posthoc.Retrain{Sampler: c.s, Epochs: 2, Batch: 16, LearningRate: schedule.Func(func(p schedule.Progress) float64 {
			got = append(got, p)
			return 0.1
		})}
		_, err := r.CRT(t.Context(), trainSet)
		require.NoError(t, err)
		require.Equal(t, want, got, "%T", c.s)
		got = nil
		_, _, err = r.LWS(t.Context(), linear(3, 2, make([]float32, 6), nil), trainSet)
		require.NoError(t, err)
		require.Equal(t, want, got, "%T", c.s)
	}
	_, err := posthoc.Retrain{Sampler: make(fixed, 15), Batch: 16}.CRT(t.Context(), trainSet)
	require.EqualError(t, err, "posthoc: Retrain.Sampler: a batch of 16 is larger than the 15 images of an epoch: choose a smaller Batch")
}

// cut draws as another sampler does, but no more than there are images.
type cut struct{ sampler.Sampler }

func (c cut) Epoch(labels []int, p sampler.Plan) ([]int, error) {
	order, err := c.Sampler.Epoch(labels, p)
	return order[:min(len(order), len(labels))], err
}

// With a hundred classes and short features, as many draws as there are images leave the classifier half trained.
func TestAHundredClassesTakeWholeEpochs(t *testing.T) {
	var long, even []int
	for c := range 100 {
		long, even = append(long, int(60*math.Pow(0.05, float64(c)/99))), append(even, 10)
	}
	trainSet, test := clouds(1, 32, 1.2, long...), clouds(2, 32, 1.2, even...)
	for _, s := range []posthoc.Set{trainSet, test} {
		for i := range s.Features.Data() {
			s.Features.Data()[i] *= 0.1
		}
	}
	judge := func(r posthoc.Retrain) float64 {
		head, err := r.CRT(t.Context(), trainSet)
		require.NoError(t, err)
		x, err := posthoc.Logits(head, test.Features)
		require.NoError(t, err)
		return accuracy(t, x, test.Labels)
	}
	whole := judge(posthoc.Retrain{Batch: 128, Seed: 1})
	for _, s := range []sampler.Sampler{sampler.ClassBalanced{}, cut{sampler.ClassAware{}}} {
		require.Greater(t, whole, judge(posthoc.Retrain{Sampler: s, Batch: 128, Seed: 1})+0.2, "%T", s)
	}
}

func TestCRTRepeats(t *testing.T) {
	trainSet := clouds(1, 4, 1, 20, 10)
	a, err := posthoc.Retrain{Seed: 1}.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	b, err := posthoc.Retrain{Seed: 1}.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	c, err := posthoc.Retrain{Seed: 2}.CRT(t.Context(), trainSet)
	require.NoError(t, err)
	require.Equal(t, a.Weight.Value.Data(), b.Weight.Value.Data())
	require.NotEqual(t, a.Weight.Value.Data(), c.Weight.Value.Data())
}

func TestRetrainDegenerate(t *testing.T) {
	one := posthoc.Set{Features: matrix(3, 2, 1, 2, 0, 0, -1, 5), Labels: []int{0, 0, 0}, Classes: 1}
	_, err := posthoc.Retrain{}.CRT(t.Context(), one)
	require.NoError(t, err, "one class has nothing to learn")

	gap := posthoc.Set{Features: matrix(2, 1, 1, 2), Labels: []int{0, 2}, Classes: 3}
	_, err = posthoc.Retrain{}.CRT(t.Context(), gap)
	require.EqualError(t, err, "posthoc: Retrain.Sampler: sampler: class 1 of 3 has no images: set SkipEmpty to draw from the "+
		"other classes")
	head, err := posthoc.Retrain{Sampler: sampler.ClassAware{SkipEmpty: true}}.CRT(t.Context(), gap)
	require.NoError(t, err)
	require.Equal(t, 3, head.Weight.Value.Dim(0))

	zeros := posthoc.Set{Features: matrix(2, 2, 0, 0, 0, 0), Labels: []int{0, 1}, Classes: 2}
	_, _, err = posthoc.Retrain{}.LWS(t.Context(), linear(2, 2, []float32{0, 0, 0, 0}, nil), zeros)
	require.NoError(t, err)
}

func TestRetrainErrors(t *testing.T) {
	trainSet := clouds(1, 2, 1, 4, 4)
	for want, r := range map[string]posthoc.Retrain{
		" of -1 epochs, batch 0: neither may be negative": {Epochs: -1},
		" of 0 epochs, batch -2: neither may be negative": {Batch: -2},
		".Optimizer: optim: SGD.Momentum is 2: it must be at least 0 and below 1": {
			Optimizer: optim.SGD{Momentum: 2}},
		".LearningRate: schedule: Cosine.Min is 1, above Base 0: exchange them or lower Min": {
			LearningRate: schedule.Cosine{Min: 1}},
	} {
		_, err := r.CRT(t.Context(), trainSet)
		require.EqualError(t, err, "posthoc: Retrain"+want)
	}
	_, err := posthoc.Retrain{LearningRate: schedule.Constant(1e38), Epochs: 50}.CRT(t.Context(), trainSet)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.Positive(t, bad.Epoch)
	require.Equal(t, "weight", bad.Param)
	require.ErrorContains(t, err, fmt.Sprintf("posthoc: stopped in epoch %d at step 0, lower Retrain.LearningRate or scale the features: loss ", bad.Epoch))
	_, err = posthoc.Retrain{LearningRate: schedule.Constant(1e39), Epochs: 1}.CRT(t.Context(), trainSet)
	require.ErrorContains(t, err, "after training: lower Retrain.LearningRate or scale the features", "no later loss shows the last step")
	_, _, err = posthoc.Retrain{}.LWS(t.Context(), linear(3, 2, make([]float32, 6), nil), trainSet)
	require.EqualError(t, err, "posthoc: a head of 3 classes for a set of 2: both must have the same")
	_, _, err = posthoc.Retrain{}.LWS(t.Context(), linear(2, 3, make([]float32, 6), nil), trainSet)
	require.EqualError(t, err, "posthoc: features of width 2, the classifier is of width 3: both must come from one backbone")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = posthoc.Retrain{}.CRT(stopped, trainSet)
	require.ErrorIs(t, err, context.Canceled)
}

// Retrain descends on the loss it is given: logit adjustment gives rare classes more.
func TestRetrainByAnotherLoss(t *testing.T) {
	trainSet, test := clouds(1, 6, 1.2, 1000, 100, 15, 10), clouds(2, 6, 1.2, 100, 100, 100, 100)
	judge := func(l loss.Loss) float64 {
		head, err := posthoc.Retrain{Loss: l, Sampler: sampler.Instance{}, Batch: 64, Seed: 1}.CRT(t.Context(), trainSet)
		require.NoError(t, err)
		x, err := posthoc.Logits(head, test.Features)
		require.NoError(t, err)
		return accuracy(t, x, test.Labels)
	}
	plain := judge(nil)
	require.Equal(t, plain, judge(&loss.CrossEntropy{}))
	require.Greater(t, judge(&loss.LogitAdjusted{}), plain+0.1)
	for _, l := range []loss.Loss{&loss.Focal{}, &loss.ClassBalanced{}, &loss.LDAM{Scale: 1}, &loss.VectorScaling{},
		&loss.DRW{Before: &loss.LDAM{Scale: 1}, After: &loss.LDAM{Scale: 1, Reweight: true}}} {
		require.Greater(t, judge(l), 0.25, "%T", l)
	}

	_, err := posthoc.Retrain{Loss: &loss.SupervisedContrastive{}}.CRT(t.Context(), trainSet)
	require.ErrorContains(t, err, "embeddings")
	_, err = posthoc.Retrain{Loss: &loss.ClassBalanced{Beta: 2}}.CRT(t.Context(), trainSet)
	require.ErrorContains(t, err, "Retrain.Loss")
}

func TestSetOf(t *testing.T) {
	f, err := features.FromRows([][]float32{{1, 2}, {3, 4}, {5, 6}}, []int{0, 1, 0}, nil)
	require.NoError(t, err)
	part, err := dataset.Subset(f, []int{2, 1})
	require.NoError(t, err)
	s, err := posthoc.SetOf(t.Context(), part)
	require.NoError(t, err)
	require.Equal(t, posthoc.Set{Features: matrix(2, 2, 5, 6, 3, 4), Labels: []int{0, 1}, Classes: 2}, s)

	images, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, Size: 8, PerClass: 1, TestPerClass: 1})
	require.NoError(t, err)
	_, err = posthoc.SetOf(t.Context(), images)
	require.ErrorContains(t, err, "FeaturesOf")
	none, err := dataset.Subset(f, nil)
	require.NoError(t, err)
	_, err = posthoc.SetOf(t.Context(), none)
	require.ErrorContains(t, err, "no features")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = posthoc.SetOf(ctx, part)
	require.ErrorIs(t, err, context.Canceled)
}
