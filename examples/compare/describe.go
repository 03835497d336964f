package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/manifest"
)

// plan is the result of a run to come: what it is, without figures.
func plan(s settings, d *data, j *job) (result, error) {
	summary, err := j.network.Summary()
	if err != nil {
		return result{}, err
	}
	t := j.trainer
	m := manifest.New(kernels.Level())
	m.Data = d.manifest
	m.Selection = manifest.LastEpoch
	m.Network = manifest.Network{Backbone: fmt.Sprintf("CIFAR ResNet-%d", s.Depth), Width: s.Width, Input: []int{s.Size, s.Size, 3},
		Parameters: summary.Parameters, MultiplyAdds: summary.MultiplyAdds}
	m.Training = manifest.Training{
		Method: j.method.Name, Epochs: t.Epochs, Batch: t.Batch, Seed: t.Seed,
		Optimizer:    fmt.Sprintf("SGD, momentum 0.9, weight decay %g", s.Decay),
		LearningRate: fmt.Sprintf("%g, %d%% warm-up, tenfold less at 80%% and 90%%", s.LR, s.Warmup),
		ImagesSeen:   int64(t.Epochs) * int64(t.LimitSteps) * int64(t.Batch) * int64(j.method.Images),
		Other:        []string{fmt.Sprintf("gradient norm at most %g", s.Clip), "groups by " + s.Groups},
	}
	r := result{Method: j.method.Name, Title: j.method.Title, Seed: t.Seed}
	for _, stream := range t.Streams {
		m.Training.Streams = append(m.Training.Streams, describe(stream))
		for _, v := range stream.Views {
			if text := strings.Join(parts(v), "+"); !slices.Contains(r.Augmentation, text) {
				r.Augmentation = append(r.Augmentation, text)
			}
		}
	}
	r.Manifest = m
	return r, nil
}

func describe(s hybrid.Stream) manifest.Stream {
	d := manifest.Stream{Sampler: fmt.Sprintf("%T", s.Sampler), Views: len(s.Views)}
	for _, v := range s.Views {
		d.Augmentations = append(d.Augmentations, fmt.Sprintf("%T%+v", v, v))
	}
	for _, t := range s.Terms {
		term := manifest.Term{Name: t.Name, Loss: fmt.Sprintf("%T", t.Loss), Weight: "1", Settings: map[string]string{}}
		if t.Weight != nil {
			term.Weight = fmt.Sprintf("%T", t.Weight)
		}
		v := reflect.Indirect(reflect.ValueOf(t.Loss))
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && v.Field(i).CanFloat() {
				text, _ := json.Marshal(v.Field(i).Float()) // settings were checked to be finite
				term.Settings[f.Name] = string(text)
			}
		}
		d.Terms = append(d.Terms, term)
	}
	return d
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
