package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/manifest"
)

// describe says what the run will be, without figures.
func (j *job) describe(s settings, d *data) (result, error) {
	t := j.trainer
	m, err := t.Manifest(j.network, d.trainSet, nil, d.test)
	if err != nil {
		return result{}, err
	}
	m.Data = d.manifest // of the sets before they were read into memory
	m.Network.Backbone, m.Network.Width = fmt.Sprintf("CIFAR ResNet-%d", s.Depth), s.Width
	m.Training.Method = j.method.Name
	steps := cmp.Or(t.LimitSteps, d.trainSet.Len()/m.Training.Batch)
	m.Training.ImagesSeen = int64(m.Training.Epochs) * int64(steps) * int64(m.Training.Batch) * int64(j.method.Images)
	m.Training.Other = []string{s.recipe()}
	if j.method.Branches > 1 {
		m.Training.Other = append(m.Training.Other, fmt.Sprintf("%d last blocks", j.method.Branches))
	}
	m.Selection = manifest.LastEpoch
	r := result{Method: j.method.Name, Title: j.method.Title, Seed: d.seed, Manifest: m}
	for _, stream := range t.Streams {
		for _, v := range stream.Views {
			if text := strings.Join(parts(v), "+"); !slices.Contains(r.Augmentation, text) {
				r.Augmentation = append(r.Augmentation, text)
			}
		}
	}
	return r, nil
}

// parts lists the names of a view's transforms.
func parts(t augment.Transform) (all []string) {
	if c, ok := t.(augment.Compose); ok {
		for _, part := range c {
			all = append(all, parts(part)...)
		}
		return all
	}
	_, name, _ := strings.Cut(fmt.Sprintf("%T", t), ".")
	return []string{strings.ToLower(name)}
}
