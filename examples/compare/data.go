package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/manifest"
)

// data is what the runs of a seed have in common.
type data struct {
	seed                 uint64
	trainSet, held, test dataset.Dataset // held is nil if nothing is held out
	counts               []int           // of the images trained on
	manifest             manifest.Data
}

// open finds or generates the data of a seed, cuts the long tail and holds images out.
func open(s settings, seed uint64) (*data, error) {
	name := filepath.Base(s.Data)
	var all, test dataset.Dataset
	var err error
	if s.Quick {
		name = fmt.Sprintf("generated, seed %d", seed)
		all, test, err = dataset.Generate(dataset.GenerateSettings{Size: s.Size, Seed: seed})
	} else {
		all, test, err = dataset.Open(s.Data, s.Size, s.Size)
	}
	if err != nil {
		return nil, err
	}
	selection := map[string]dataset.Selection{"shuffle": dataset.Shuffle, "first": dataset.First}[s.Select]
	profile := map[string]dataset.Profile{"exp": dataset.Exponential{Imbalance: s.Imbalance}, "step": dataset.Step{Imbalance: s.Imbalance},
		"natural": dataset.Natural{}}[s.Profile]
	trainSet, err := dataset.LongTail(all, profile, dataset.LongTailSettings{Selection: selection, Seed: seed})
	if err != nil {
		return nil, err
	}
	d := &data{seed: seed, test: test}
	m := manifest.Data{Name: name, Profile: fmt.Sprintf("%s, imbalance %g, %s, seed %d", s.Profile, s.Imbalance, s.Select, seed), TestCounts: dataset.Counts(test)}
	if s.Holdout > 0 {
		if trainSet, d.held, err = dataset.Holdout(trainSet, dataset.HoldoutSettings{Fraction: s.Holdout, Min: 1, Seed: seed}); err != nil {
			return nil, err
		}
		m.HeldOutCounts = dataset.Counts(d.held)
		if m.HeldOutSHA256, err = manifest.HashSamples(dataset.Indices(d.held), dataset.Labels(d.held)); err != nil {
			return nil, err
		}
	}
	d.trainSet, d.counts = trainSet, dataset.Counts(trainSet)
	m.TrainCounts = d.counts
	m.TrainSHA256, err = manifest.HashSamples(dataset.Indices(trainSet), dataset.Labels(trainSet))
	d.manifest = m
	return d, err
}

// load reads the data into memory.
func (d *data) load(ctx context.Context) error {
	for _, set := range []*dataset.Dataset{&d.trainSet, &d.held, &d.test} {
		if *set == nil {
			continue
		}
		loaded, err := dataset.Load(ctx, *set)
		if err != nil {
			return err
		}
		*set = loaded
	}
	return nil
}
