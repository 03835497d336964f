package main

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
)

// sets are the images of a run.
type sets struct {
	name                 string
	tail                 []int           // of each class in the long tail, held-out ones included
	trainSet, held, test dataset.Dataset // held is nil without -holdout
}

// choose opens the data, cuts the long tail and holds out a part.
func choose(s settings) (d sets, err error) {
	profile, ok := map[string]dataset.Profile{
		"exp": dataset.Exponential{Imbalance: s.Imbalance}, "step": dataset.Step{Imbalance: s.Imbalance}, "natural": dataset.Natural{},
	}[s.Profile]
	if !ok {
		return d, fmt.Errorf("-profile %q is not exp, step or natural", s.Profile)
	}
	selection, ok := map[string]dataset.Selection{"shuffle": dataset.Shuffle, "first": dataset.First, "": dataset.Shuffle}[s.Select]
	if !ok {
		return d, fmt.Errorf("-select %q is not shuffle or first", s.Select)
	}
	all, test, err := dataset.Open(s.Data, s.Size, s.Size)
	if err != nil {
		return d, err
	}
	d.test, d.name = test, "class folders"
	if _, binary := all.(*dataset.Memory); binary {
		d.name = fmt.Sprintf("CIFAR-%d", len(all.Classes()))
	}
	if d.trainSet, err = dataset.LongTail(all, profile, dataset.LongTailSettings{Selection: selection, Seed: s.Seed}); err != nil {
		return d, err
	}
	d.tail = dataset.Counts(d.trainSet)
	if s.Holdout > 0 {
		d.trainSet, d.held, err = dataset.Holdout(d.trainSet, dataset.HoldoutSettings{Fraction: s.Holdout, Seed: s.Seed})
	}
	return d, err
}

// profile says how the images were chosen.
func (s settings) profile() string {
	text := s.Profile
	if s.Profile != "natural" {
		text += fmt.Sprintf(", imbalance %v, %s, seed %d", s.Imbalance, s.Select, s.Seed)
	}
	if s.Holdout > 0 {
		text += fmt.Sprintf("; %v of each class held out, seed %d", s.Holdout, s.Seed)
	}
	return text
}

// load reads all images into memory.
func (d sets) load(ctx context.Context) (sets, error) {
	for _, set := range []*dataset.Dataset{&d.trainSet, &d.held, &d.test} {
		if *set == nil {
			continue
		}
		images, err := dataset.Load(ctx, *set)
		if err != nil {
			return d, err
		}
		*set = images
	}
	return d, nil
}

// String counts the images.
func (d sets) String() string {
	text := fmt.Sprintf("%d training images in %d classes, %s; ", d.trainSet.Len(), len(d.tail), tail(dataset.Counts(d.trainSet)))
	if d.held != nil {
		text += fmt.Sprintf("%d held out, %s; ", d.held.Len(), tail(dataset.Counts(d.held)))
	}
	return text + fmt.Sprintf("%d test images", d.test.Len())
}

// tail describes the class counts.
func tail(counts []int) string {
	if len(counts) <= 10 {
		return fmt.Sprint(counts)
	}
	most, least := counts[0], counts[0]
	for _, n := range counts {
		most, least = max(most, n), min(least, n)
	}
	return fmt.Sprintf("%d down to %d images", most, least)
}
