package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// draws is a sampler that always draws the same.
type draws []int

func (d draws) Epoch([]int, sampler.Plan) ([]int, error) { return d, nil }

// Settings are refused before the first step, and the network stays as it was.
func TestFitRefusesSettings(t *testing.T) {
	type trainer = train.Trainer
	stream := func(change func(*hybrid.Stream)) trainer {
		s := ordered(ce())
		change(&s)
		return trainer{Streams: []hybrid.Stream{s}}
	}
	term := func(change func(*hybrid.Term)) trainer {
		return stream(func(s *hybrid.Stream) { change(&s.Terms[0]) })
	}
	var none schedule.Func
	for want, tr := range map[string]trainer{
		"train: no streams: set Trainer.Streams, for example to hybrid.CE()": {},
		"train: stream 0: Sampler is nil: use sampler.Instance{} for every image once": stream(func(s *hybrid.Stream) {
			s.Sampler = nil
		}),
		"train: stream 0 (tail): no Terms: a stream without a loss trains nothing": stream(func(s *hybrid.Stream) {
			s.Name, s.Terms = "tail", nil
		}),
		"train: stream 0: view 1: augment: nil transform: use Identity for none": stream(func(s *hybrid.Stream) {
			s.Views = []augment.Transform{augment.Identity{}, nil}
		}),
		"train: stream 0: view 0: augment: Flip.P is 2: a probability must be at least 0 and at most 1": stream(func(s *hybrid.Stream) {
			s.Views = []augment.Transform{augment.Flip{P: 2}}
		}),
		`train: stream 0: two terms are named "ce": reports could not tell them apart`: stream(func(s *hybrid.Stream) {
			s.Terms = append(s.Terms, ce())
		}),
		`train: stream 1 (classifier): two terms are named "ce": reports could not tell them apart`: {
			Streams: append(hybrid.CE(), hybrid.CE()...),
		},
		`train: stream 0: term "ce": Loss is nil`: term(func(t *hybrid.Term) { t.Loss = nil }),
		`train: stream 0: term "ce": weight: schedule: Func is nil: give it a function`: term(func(t *hybrid.Term) {
			t.Weight = none
		}),
		`train: stream 0: term "ce": view 1 is not one of the stream's 1`:  term(func(t *hybrid.Term) { t.Views = []int{0, 1} }),
		`train: stream 0: term "ce": view -1 is not one of the stream's 1`: term(func(t *hybrid.Term) { t.Views = []int{-1} }),
		`train: stream 0: term "ce": Views is empty: list the views the loss sees, or use nil for all`: term(func(t *hybrid.Term) {
			t.Views = []int{}
		}),
		`train: stream 0: term "ce": loss: cross-entropy: 3 weights for 4 classes`: term(func(t *hybrid.Term) {
			t.Loss = &loss.CrossEntropy{Weights: []float64{1, 2, 3}}
		}),
		`train: stream 0 (feature): term "sc": loss: supervised contrastive: Temperature -0.1 must be finite and above 0 (0 means the paper's 0.1)`: {
			Streams: hybrid.SC(-0.1),
		},
		"train: Trainer.Epochs -1 must not be negative":                                      {Streams: hybrid.CE(), Epochs: -1},
		"train: Trainer.Batch -2 must not be negative":                                       {Streams: hybrid.CE(), Batch: -2},
		"train: Trainer.LimitSteps -3 must not be negative":                                  {Streams: hybrid.CE(), LimitSteps: -3},
		"train: Trainer.EvalEvery -4 must not be negative":                                   {Streams: hybrid.CE(), EvalEvery: -4},
		"train: Trainer.Workers -2 must not be negative":                                     {Streams: hybrid.CE(), Workers: -2},
		"train: Trainer.EvalBatch -5 must not be negative":                                   {Streams: hybrid.CE(), EvalBatch: -5},
		"train: Trainer.Chunk -6 must not be negative":                                       {Streams: hybrid.CE(), Chunk: -6},
		"train: Trainer.Chunk 3 must divide Batch 8: batch norm would see a last chunk of 2": {Streams: hybrid.CE(), Batch: 8, Chunk: 3},
		"train: Trainer.ClipNorm -0.5 must not be negative":                                  {Streams: hybrid.CE(), ClipNorm: -0.5},
		"train: Trainer.ClipNorm NaN must not be negative":                                   {Streams: hybrid.CE(), ClipNorm: math.NaN()},
		"train: Trainer.LearningRate: schedule: Constant is NaN: it must be a finite number": {
			Streams: hybrid.CE(), LearningRate: schedule.Constant(math.NaN()),
		},
		"optim: SGD.Momentum is 1: it must be at least 0 and below 1": {
			Streams: hybrid.CE(), Optimizer: optim.SGD{Momentum: 1},
		},
		"train: stream 0: sampler: batch of 512 is larger than the 20 images: choose a batch of at most 20": {Streams: hybrid.CE()},
		"train: stream 0: a batch of 8 is larger than the 3 images of an epoch: choose a smaller batch": {
			Streams: []hybrid.Stream{{Sampler: draws{0, 1, 2}, Terms: []hybrid.Term{ce()}}}, Batch: 8,
		},
		"train: stream 0: the sampler drew image 20 of 20": {
			Streams: []hybrid.Stream{{Sampler: draws{0, 20}, Terms: []hybrid.Term{ce()}}}, Batch: 1,
		},
		"train: stream 0: the sampler drew image -1 of 20": {
			Streams: []hybrid.Stream{{Sampler: draws{-1}, Terms: []hybrid.Term{ce()}}}, Batch: 1,
		},
	} {
		t.Run(want, func(t *testing.T) {
			trainSet, test := generated(t, 5)
			n := mlp(t)
			before := state(n, nil)
			r, err := tr.Fit(context.Background(), n, trainSet, test)
			require.EqualError(t, err, want)
			if r != nil {
				require.Empty(t, r.Epochs)
			}
			require.Equal(t, before, state(n, nil))
		})
	}
}

func TestFitRefusesData(t *testing.T) {
	trainSet, test := generated(t, 5)
	names := trainSet.Classes()
	empty, err := dataset.NewMemory(dataset.Shape{Height: 8, Width: 8, Channels: 3}, names)
	require.NoError(t, err)
	three, err := dataset.Subset(trainSet, []int{0, 1, 2, 5, 6, 15, 16, 17}) // nothing of class 2
	require.NoError(t, err)
	large, _, err := dataset.Generate(dataset.GenerateSettings{Classes: classes, Size: 9, PerClass: 5, TestPerClass: 1})
	require.NoError(t, err)
	label := func(wrong int) dataset.Dataset {
		return with{Dataset: trainSet, label: func(i int) int {
			if i == 7 {
				return wrong
			}
			return trainSet.Label(i)
		}}
	}
	for _, c := range []struct {
		want           string
		streams        []hybrid.Stream
		trainSet, test dataset.Dataset
	}{
		{"train: Fit needs a network and training data", hybrid.CE(), nil, test},
		{"hybrid: the training data has no images", hybrid.CE(), empty, test},
		{"hybrid: the test data has no images", hybrid.CE(), trainSet, empty},
		{"hybrid: training image 7 has label 4, not one of 4 classes", hybrid.CE(), label(4), test},
		{"hybrid: training image 7 has label -1, not one of 4 classes", hybrid.CE(), label(-1), test},
		{"hybrid: test image 7 has label 4, not one of 4 classes", hybrid.CE(), trainSet, label(4)},
		{"hybrid: the training data has 3 classes, the network 4", hybrid.CE(), with{Dataset: trainSet, classes: names[:3]}, test},
		{"hybrid: the test data has 5 classes, the network 4", hybrid.CE(), trainSet, with{Dataset: test, classes: make([]string, 5)}},
		{"train: stream 0: sampler: class 2 of 4 has no images: set SkipEmpty to draw from the other classes", hybrid.CEBalanced(), three, test},
		{"train: stopped in epoch 0 at step 0: train: training image 0: is 9×9×3 (height×width×channels), the network takes 8×8×3: " +
			"resize it or use hybrid.WithInput" + anySize, []hybrid.Stream{ordered(ce())}, large, test},
		{"train: evaluation after epoch 0: hybrid: image 0: is 9×9×3 (height×width×channels), the network takes 8×8×3: " +
			"resize it or use hybrid.WithInput" + anySize, []hybrid.Stream{ordered(ce())}, trainSet, large},
	} {
		_, err := train.Trainer{Streams: c.streams, Epochs: 1, Batch: 4}.Fit(context.Background(), mlp(t), c.trainSet, c.test)
		require.EqualError(t, err, c.want)
	}
	_, err = short().Fit(context.Background(), nil, trainSet, test)
	require.EqualError(t, err, "train: Fit needs a network and training data")
}

func TestContrastiveLossNeedsAProjection(t *testing.T) {
	trainSet, _ := generated(t, 5)
	n := mlp(t, hybrid.WithoutProjection())
	_, err := train.Trainer{Streams: hybrid.SC(0.1), Batch: 4}.Fit(context.Background(), n, trainSet, nil)
	require.EqualError(t, err, `train: stream 0 (feature): term "sc": the loss needs embeddings, the network was made without a projection head`)
	_, err = train.Trainer{Streams: hybrid.PSC(1), Batch: 4}.Fit(context.Background(), n, trainSet, nil)
	require.EqualError(t, err, `train: stream 0 (feature): term "psc": the loss needs embeddings, the network was made without a projection head`)
	_, err = train.Trainer{Streams: hybrid.PSC(-1), Batch: 4}.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, `train: stream 0 (feature): term "psc": loss: prototypical contrastive: Temperature -1 must be finite and above 0 `+
		"(0 means the paper's 1 on CIFAR-10, 0.1 on CIFAR-100)")
}

// A grouping that does not fit the classes is found at the first evaluation, after an epoch that is kept.
func TestGroupsThatDoNotFitEndTheRun(t *testing.T) {
	trainSet, test := generated(t, 5)
	tr := short()
	tr.Groups = metrics.ByRank{}
	r, err := tr.Fit(context.Background(), mlp(t), trainSet, test)
	require.EqualError(t, err, "train: evaluation after epoch 0: metrics: ByRank with First 3 and Last 3: there are only 4 classes")
	require.Len(t, r.Epochs, 1)
}

// The default learning rate is 0.5 for a batch of 512 and in proportion for others. It is cut after 60% and 80% of the
// epochs, as far as there are so many.
func TestDefaultLearningRate(t *testing.T) {
	trainSet, _ := generated(t, 5)
	for _, c := range []struct {
		batch, accumulate int
		full              float64
		want              []float64 // of the full rate
	}{
		{16, 0, 0.015625, []float64{1}},
		{4, 0, 0.00390625, []float64{1, 0.1}},
		{4, 4, 0.015625, []float64{1, 1, 1, 0.1, 0.01}},
		{1, 0, 0.5 / 512, []float64{1, 1, 1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01}},
		{0, 0, 0.5, []float64{1}},
	} {
		tr, data := short(), dataset.Dataset(trainSet)
		tr.Epochs, tr.Batch, tr.Accumulate, tr.LearningRate, tr.ClipNorm = len(c.want), c.batch, c.accumulate, nil, 0.01
		if c.batch == 0 {
			data, _ = generated(t, 128)
		}
		for i, e := range fit(t, tr, mlp(t), data, nil).Epochs {
			require.InDelta(t, c.want[i]*c.full, e.LearningRate, 1e-12, "epoch %d of %d, batch %d × %d", i, tr.Epochs, c.batch, c.accumulate)
		}
	}
}
