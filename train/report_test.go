package train_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A whole hybrid run: what the callbacks are given, and that epochs and result are the sums and means of it.
func TestReportsOfAHybridRun(t *testing.T) {
	trainSet, test := generated(t, 9)
	var steps []train.StepReport
	var epochs []train.EpochReport
	tr := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 4, Batch: 7, LearningRate: schedule.MultiStep{Base: 0.1, Milestones: []int{2}},
		Groups:  metrics.ByRank{First: 1, Last: 1},
		OnStep:  func(r train.StepReport) error { steps = append(steps, r); return nil },
		OnEpoch: func(r train.EpochReport) error { epochs = append(epochs, r); return nil }}
	n := resNet(t, 1)
	r := fit(t, tr, n, trainSet, test)

	alphas, rates := []float64{1, 0.9375, 0.75, 0.4375}, []float64{0.1, 0.1, 0.01, 0.01}
	require.Len(t, steps, 4*5, "36 images make five batches of 7")
	for i, s := range steps {
		require.Equal(t, schedule.Progress{Epoch: i / 5, Epochs: 4, Step: i % 5, Steps: 5}, s.At)
		alpha := alphas[s.At.Epoch]
		require.Equal(t, []string{"sc", "ce"}, []string{s.Losses[0].Name, s.Losses[1].Name})
		require.InDelta(t, alpha, s.Losses[0].Weight, 1e-15)
		require.InDelta(t, 1-alpha, s.Losses[1].Weight, 1e-15)
		require.InDelta(t, alpha*s.Losses[0].Value+(1-alpha)*s.Losses[1].Value, s.Total, 1e-5)
		require.InDelta(t, rates[s.At.Epoch], s.LearningRate, 1e-15)
		require.Equal(t, 21, s.Images, "two views and the classifier's")
		require.Equal(t, 14, s.Losses[0].Anchors)
		require.Equal(t, 7, s.Losses[1].Anchors)
		require.Positive(t, s.GradNorm)
		require.Positive(t, s.ImagesPerSecond)
	}

	require.Equal(t, epochs, r.Epochs)
	images, seconds := 0, 0.0
	for i, e := range r.Epochs {
		require.Equal(t, i, e.Epoch)
		require.Equal(t, 5, e.Steps)
		require.Equal(t, 105, e.Images)
		require.InDelta(t, rates[i], e.LearningRate, 1e-15)
		require.InDelta(t, float64(e.Images)/e.Seconds, e.ImagesPerSecond, 1e-6)
		require.NotNil(t, e.Test)
		total := 0.0
		for j, l := range e.Losses {
			value := 0.0
			for _, s := range steps[5*i : 5*i+5] {
				value += s.Losses[j].Value / 5
			}
			require.InDelta(t, value, l.Value, 1e-12)
			require.InDelta(t, []float64{alphas[i], 1 - alphas[i]}[j], l.Weight, 1e-15)
			require.Equal(t, []int{70, 35}[j], l.Anchors)
			total += l.Value * l.Weight
		}
		require.InDelta(t, total, e.Total, 1e-5)
		images += e.Images
		seconds += e.Seconds
	}
	require.Equal(t, images, r.Images)
	require.InDelta(t, seconds, r.Seconds, 1e-12)
	require.InDelta(t, float64(images)/seconds, r.ImagesPerSecond, 1e-6)
	require.Equal(t, r.Epochs[3].Test, r.Last)
	require.Equal(t, r.Last.Top1, r.Confusion.Top1())
	require.Equal(t, test.Len(), r.Confusion.Total())
}

func TestSkippedAnchorsAreCounted(t *testing.T) {
	trainSet, _ := generated(t, 5)
	// Batches of the classes 0 0 1 2, then 0 1 2 3: two singletons, then four.
	order := draws{0, 1, 5, 10, 2, 6, 11, 15}
	sc := hybrid.Term{Name: "sc", Loss: &loss.SupervisedContrastive{Temperature: 0.1}}
	tr := train.Trainer{Streams: []hybrid.Stream{{Sampler: order, Terms: []hybrid.Term{sc}}},
		Epochs: 1, Batch: 4, LearningRate: schedule.Constant(0)}
	var got []train.LossReport
	tr.OnStep = func(s train.StepReport) error { got = append(got, s.Losses...); return nil }
	n := mlp(t)
	r := fit(t, tr, n, trainSet, nil)
	require.Equal(t, []int{2, 0}, []int{got[0].Anchors, got[1].Anchors})
	require.Equal(t, []int{2, 4}, []int{got[0].Skipped, got[1].Skipped})
	require.Positive(t, got[0].Value)
	require.Zero(t, got[1].Value)
	require.Equal(t, 2, r.Epochs[0].Losses[0].Anchors)
	require.Equal(t, 6, r.Epochs[0].Losses[0].Skipped)
}

func TestEmbeddingsOfLengthZeroAreCounted(t *testing.T) {
	trainSet, _ := generated(t, 5)
	n := mlp(t)
	for _, e := range entries(n, "projection.2.") {
		e.Param.Value.Zero()
	}
	tr := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 4, LimitSteps: 1}
	r := fit(t, tr, n, trainSet, nil)
	require.Equal(t, 8, r.Epochs[0].Losses[0].ZeroRows)
}

func TestEvaluationEverySoManyEpochsAndAfterTheLast(t *testing.T) {
	trainSet, test := generated(t, 5)
	for every, want := range map[int][]int{0: {0, 1, 2, 3, 4}, 1: {0, 1, 2, 3, 4}, 2: {1, 3, 4}, 5: {4}, 9: {4}} {
		tr := short()
		tr.Epochs, tr.EvalEvery = 5, every
		var got []int
		r := fit(t, tr, mlp(t), trainSet, test)
		for _, e := range r.Epochs {
			if e.Test != nil {
				got = append(got, e.Epoch)
			}
		}
		require.Equal(t, want, got, "every %d", every)
		require.Equal(t, r.Epochs[4].Test, r.Last)
	}
	r := fit(t, short(), mlp(t), trainSet, nil)
	require.Nil(t, r.Last)
	require.Nil(t, r.Confusion)
	require.Nil(t, r.Best)
}

func TestResultAsJSON(t *testing.T) {
	trainSet, test := generated(t, 5)
	tr := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 4, LearningRate: schedule.Constant(0.01), EvalEvery: 2,
		Groups: metrics.ByRank{First: 1, Last: 1}}
	r := fit(t, tr, mlp(t), trainSet, test)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back train.Result
	require.NoError(t, json.Unmarshal(text, &back))
	confusion := r.Confusion
	r.Confusion = nil
	require.Equal(t, r, &back)
	require.NotNil(t, confusion)

	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	require.ElementsMatch(t, []string{"epochs", "last", "images", "seconds", "images_per_second"}, keys(fields))
	epochs := fields["epochs"].([]any)
	names := []string{"epoch", "steps", "losses", "loss", "lr", "images", "seconds", "images_per_second"}
	require.ElementsMatch(t, names, keys(epochs[0]), "an epoch that was not evaluated has no test")
	require.ElementsMatch(t, append(names, "test"), keys(epochs[1]))
	losses := epochs[0].(map[string]any)["losses"].([]any)
	require.ElementsMatch(t, []string{"name", "value", "weight", "anchors", "skipped", "zero_rows"}, keys(losses[0]))
}

func keys(object any) []string {
	var names []string
	for k := range object.(map[string]any) {
		names = append(names, k)
	}
	return names
}

func TestLimitStepsTrainsOnTheFirst(t *testing.T) {
	trainSet, _ := generated(t, 10)
	for limit, want := range map[int]int{0: 10, 3: 3, 10: 10, 99: 10} {
		tr := short()
		tr.Epochs, tr.LimitSteps = 2, limit
		var seen []int
		tr.Streams[0].Terms = append(tr.Streams[0].Terms, hybrid.Term{Name: "spy", Loss: spy{loss.Needs{Logits: true}, look(&seen)}})
		var last schedule.Progress
		tr.OnStep = func(s train.StepReport) error { last = s.At; return nil }
		r := fit(t, tr, mlp(t), trainSet, nil)
		require.Equal(t, want, r.Epochs[1].Steps)
		require.Equal(t, schedule.Progress{Epoch: 1, Epochs: 2, Step: want - 1, Steps: want}, last)
		order := dataset.Labels(trainSet)[:4*want]
		require.Equal(t, slices.Concat(order, order), seen)
	}
}

// The shortest stream ends the epoch.
func TestStreamsOfSeveralLengths(t *testing.T) {
	trainSet, _ := generated(t, 5)
	tr := short()
	tr.Streams = append(tr.Streams, hybrid.Stream{Sampler: draws{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
		Terms: []hybrid.Term{{Name: "second", Loss: &loss.CrossEntropy{}}}})
	require.Equal(t, 2, fit(t, tr, mlp(t), trainSet, nil).Epochs[0].Steps)
}

// A sampler may draw more than there are images: all draws are trained on, or as many as the other streams have.
func TestEpochsLongerThanTheSet(t *testing.T) {
	n, d := pixels(t, 10) // four of class 0, six of class 1: twelve draws
	var aware []int
	long := hybrid.Stream{Sampler: sampler.ClassAware{}, Terms: []hybrid.Term{{Name: "aware", Loss: spy{loss.Needs{Logits: true},
		func(in loss.Input) { aware = append(aware, in.Labels...) }}}}}
	tr := train.Trainer{Streams: []hybrid.Stream{long}, Epochs: 1, Batch: 4}
	require.Equal(t, 3, fit(t, tr, n, d, nil).Epochs[0].Steps)
	require.Len(t, aware, 12)
	sum := 0
	for _, y := range aware {
		sum += y
	}
	require.Equal(t, 6, sum)

	tr.Streams = append(tr.Streams, ordered(ce()))
	require.Equal(t, 2, fit(t, tr, n, d, nil).Epochs[0].Steps)
}

// What a sampler is asked.
type asked func(labels []int, p sampler.Plan)

func (f asked) Epoch(labels []int, p sampler.Plan) ([]int, error) {
	f(labels, p)
	return sampler.Instance{}.Epoch(labels, p)
}

func TestSamplersAreToldTheirPlan(t *testing.T) {
	trainSet, _ := generated(t, 5)
	var got []string
	seeds := map[uint64]bool{}
	one := asked(func(labels []int, p sampler.Plan) {
		require.Equal(t, dataset.Labels(trainSet), labels)
		got = append(got, fmt.Sprint(p.At, p.Batch))
		seeds[p.Seed] = true
	})
	second := ce()
	second.Name = "second"
	tr := train.Trainer{Streams: []hybrid.Stream{{Sampler: one, Terms: []hybrid.Term{ce()}}, {Sampler: one, Terms: []hybrid.Term{second}}},
		Epochs: 2, Batch: 4, Seed: 9}
	fit(t, tr, mlp(t), trainSet, nil)
	require.Equal(t, []string{"{0 2 0 0} 4", "{0 2 0 0} 4", "{1 2 0 0} 4", "{1 2 0 0} 4"}, got)
	require.Len(t, seeds, 2, "each stream has a seed of its own")
}
