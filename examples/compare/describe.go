package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/manifest"
)

// plan is the result of a run to come: what it is, without figures.
func plan(s settings, d *data, j *job) (result, error) {
	t := j.trainer
	m, err := t.Manifest(j.network, d.train, nil, d.test)
	if err != nil {
		return result{}, err
	}
	m.Data = d.manifest // of the sets before they were read into memory
	m.Network.Backbone, m.Network.Width = fmt.Sprintf("CIFAR ResNet-%d", s.Depth), s.Width
	m.Training.Method = j.method.Name
	m.Training.ImagesSeen = int64(t.Epochs) * int64(t.LimitSteps) * int64(t.Batch) * int64(j.method.Images)
	m.Training.Other = append(m.Training.Other, "groups by "+s.Groups)
	if j.method.Branches > 1 {
		m.Training.Other = append(m.Training.Other, fmt.Sprintf("%d last blocks", j.method.Branches))
	}
	m.Selection = manifest.LastEpoch
	r := result{Method: j.method.Name, Title: j.method.Title, Seed: t.Seed}
	for _, stream := range t.Streams {
		for _, v := range stream.Views {
			if text := strings.Join(parts(v), "+"); !slices.Contains(r.Augmentation, text) {
				r.Augmentation = append(r.Augmentation, text)
			}
		}
	}
	r.Manifest = m
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
