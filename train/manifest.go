package train

import (
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/describe"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
)

// Manifest says what training n on train and testing on test, which may be nil, is. It is what a checkpoint keeps, and
// what Checkpoints.Resume compares; it is the same for a run that goes on as for one that begins: there are no times, paths
// or names of machines in it. Call it before Fit.
//
// Parts are told by the names of their types and by their exported fields, so that your own show up too, without those
// that are zero; schedules by all of their fields and, where there is a function in one, by a checksum of its value in
// each epoch. A backbone with a method String is told by it. Images are told by dataset.Indices and labels. Selection says
// what Result.Best is chosen on, or manifest.LastEpoch.
//
// What only the program knows it takes from Notes. Left is Training.ImagesSeen, which after Fit is Result.Images.
//
// What Fit would refuse about the trainer's numbers and the data is an error.
func (t Trainer) Manifest(n *hybrid.Network, train, test dataset.Dataset) (manifest.Manifest, error) {
	t.setDefaults()
	if err := t.check(n, train, test); err != nil {
		return manifest.Manifest{}, err
	}
	return t.describe(n, train, test)
}

func (t Trainer) describe(n *hybrid.Network, train, test dataset.Dataset) (manifest.Manifest, error) {
	m := manifest.New(kernels.Level())
	for _, set := range []struct {
		data   dataset.Dataset
		sum    *string
		counts *[]int
	}{
		{train, &m.Data.TrainSHA256, &m.Data.TrainCounts},
		{t.Validation, &m.Data.HeldOutSHA256, &m.Data.HeldOutCounts},
		{test, &m.Data.TestSHA256, &m.Data.TestCounts},
	} {
		if set.data == nil {
			continue
		}
		var err error
		if *set.sum, err = manifest.HashSamples(dataset.Indices(set.data), dataset.Labels(set.data)); err != nil {
			return manifest.Manifest{}, err
		}
		*set.counts = dataset.Counts(set.data)
	}
	var err error
	if m.Network, err = describe.Network(n); err != nil {
		return manifest.Manifest{}, err
	}
	m.Training = t.describeTraining()
	m.Selection = map[string]string{"": manifest.LastEpoch, OnValidation: manifest.BestHeldOut, OnTest: manifest.BestOnTest,
		OnTraining: manifest.BestTraining}[t.judge(test)]
	return m.With(t.Notes), nil
}

func (t Trainer) describeTraining() manifest.Training {
	say := func(v any) string { return describe.Value(v, t.Epochs) }
	if t.Groups == nil {
		t.Groups = metrics.Groups{}
	}
	m := manifest.Training{Optimizer: say(t.Optimizer), LearningRate: say(t.LearningRate), Epochs: t.Epochs, LimitSteps: t.LimitSteps,
		Batch: t.Batch, Accumulate: t.Accumulate, Chunk: t.Chunk, SkipNonFinite: t.SkipNonFinite, EvalEvery: t.EvalEvery, Groups: say(t.Groups),
		BLAS: say(t.BLAS), Seed: t.Seed, KeyDecay: t.KeyDecay}
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
