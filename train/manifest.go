package train

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/describe"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/schedule"
)

// Manifest says what training n on train and testing on test, which may be nil, is. It is what a checkpoint keeps, and
// what Checkpoints.Resume compares; it is the same for a run that goes on as for one that begins: there are no times, paths
// or names of machines in it. Call it before Fit.
//
// Parts are told by the names of their types and by their exported fields, so that your own show up too, without those
// that are zero; schedules by all of their fields and, where there is a function in one, by a checksum of its value in
// each epoch. A backbone with a method String is told by it. Images are told by dataset.Indices, labels and dataset.Sum, see
// HashImages. Selection says what Result.Best is chosen on, or manifest.LastEpoch.
//
// What only the program knows it takes from Notes. Left is Training.ImagesSeen, which after Fit is Result.Images.
//
// What Fit would refuse about the trainer's numbers and the data is an error, and so is an image to be hashed that cannot be
// read.
func (t Trainer) Manifest(ctx context.Context, n *hybrid.Network, train, test dataset.Dataset) (manifest.Manifest, error) {
	t.setDefaults()
	if err := t.check(n, train, test); err != nil {
		return manifest.Manifest{}, err
	}
	return t.describe(ctx, n, train, test)
}

func (t Trainer) describe(ctx context.Context, n *hybrid.Network, train, test dataset.Dataset) (manifest.Manifest, error) {
	m := manifest.New(t.level())
	for _, set := range []struct {
		data         dataset.Dataset
		sum, content *string
		counts       *[]int
	}{
		{train, &m.Data.TrainSHA256, &m.Data.TrainContent, &m.Data.TrainCounts},
		{t.Validation, &m.Data.HeldOutSHA256, &m.Data.HeldOutContent, &m.Data.HeldOutCounts},
		{test, &m.Data.TestSHA256, &m.Data.TestContent, &m.Data.TestCounts},
	} {
		if set.data == nil {
			continue
		}
		var err error
		if *set.sum, err = manifest.HashSamples(dataset.Indices(set.data), dataset.Labels(set.data)); err != nil {
			return manifest.Manifest{}, err
		}
		if *set.content, err = t.content(ctx, set.data); err != nil {
			return manifest.Manifest{}, err
		}
		*set.counts = dataset.Counts(set.data)
	}
	var err error
	if m.Network, err = describe.Network(n); err != nil {
		return manifest.Manifest{}, err
	}
	m.Training = t.describeTraining()
	m.Training.Dropped = t.dropped(n, train)
	m.Selection = map[string]string{"": manifest.LastEpoch, OnValidation: manifest.BestHeldOut, OnTest: manifest.BestOnTest,
		OnTraining: manifest.BestTraining}[t.judge(test)]
	return m.With(t.Notes), nil
}

// level names the instructions in use.
func (t Trainer) level() string {
	if t.Precision == autograd.BFloat16 && kernels.FastBFloat16() {
		return kernels.Level() + " with bfloat16"
	}
	return kernels.Level()
}

// content is the checksum of a set's images.
func (t Trainer) content(ctx context.Context, d dataset.Dataset) (string, error) {
	if t.HashImages == HashNothing {
		return manifest.NotHashed, nil
	}
	sum, err := dataset.Sum(ctx, d, dataset.SumSettings{Images: t.HashImages})
	return cmp.Or(sum, manifest.NotHashed), err
}

// dropped is how many samples of the first epoch make no whole step; 0 if they cannot be drawn, of which Fit tells.
func (t Trainer) dropped(n *hybrid.Network, train dataset.Dataset) int {
	labels, each, at := dataset.Labels(train), t.Batch*t.Accumulate, schedule.Progress{Epochs: t.Epochs}
	drawn, steps := 0, math.MaxInt
	for i, s := range t.Streams {
		if s.Sampler == nil || s.Partner != nil && s.Partner.Sampler == nil {
			return 0
		}
		plan := t.samplerPlan(i, n.Classes(), at)
		order, err := s.Sampler.Epoch(labels, plan)
		if err != nil {
			return 0
		}
		drawn, steps = drawn+len(order), min(steps, len(order)/each)
		if s.Partner != nil {
			plan.Seed += partnerSeed
			partners, err := s.Partner.Sampler.Epoch(labels, plan)
			if err != nil {
				return 0
			}
			steps = min(steps, len(partners)/each)
		}
	}
	if steps == 0 || len(t.Streams) == 0 {
		return 0
	}
	return drawn - len(t.Streams)*steps*each
}

func (t Trainer) describeTraining() manifest.Training {
	say := func(v any) string { return describe.Value(v, t.Epochs) }
	if t.Groups == nil {
		t.Groups = metrics.Groups{}
	}
	m := manifest.Training{Optimizer: say(t.Optimizer), LearningRate: say(t.LearningRate), Epochs: t.Epochs, LimitSteps: t.LimitSteps,
		Batch: t.Batch, Accumulate: t.Accumulate, Chunk: t.Chunk, SkipNonFinite: t.SkipNonFinite, EvalEvery: t.EvalEvery, Groups: say(t.Groups),
		BLAS: say(t.BLAS), Seed: t.Seed, KeyDecay: t.KeyDecay}
	if n := t.Ranks.Size(); n > 1 {
		m.Ranks, m.SyncBatchNorm = n, t.SyncBatchNorm
	}
	if t.Precision != autograd.Float32 {
		m.Precision = t.Precision.String()
	}
	if t.EvalBatch != 128 { // what 0 means too
		m.EvalBatch = t.EvalBatch
	}
	if m.Patience = t.Patience; t.Score != nil {
		m.Score = say(t.Score)
	}
	if t.ClipNorm > 0 {
		m.ClipNorm = fmt.Sprint(t.ClipNorm)
	}
	if t.EMA.Decay > 0 {
		m.EMA = strings.TrimPrefix(say(t.EMA), "train.EMA")
	}
	m.Streams = describe.Streams(t.Streams, t.Epochs)
	return m
}
