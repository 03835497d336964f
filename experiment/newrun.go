package experiment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/train"
)

// NewRun makes the run of a method on data that Open returned. It finds what does not fit before hours of training. The run
// is kept nowhere until its Dir is set.
func (d *Data) NewRun(m method.Method) (*Run, error) { return d.newRun(m, d.Settings.images(m)) }

// newRun is NewRun for a budget of so many images a sample.
func (d *Data) newRun(m method.Method, images int) (*Run, error) {
	s := d.Settings
	if err := s.check(m); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	if m.NeedsHeld && d.Held == nil {
		return nil, fmt.Errorf("experiment: %s chooses its exponent by images that are held out: set holdout, to 0.1 for example, or its tau", m.Name)
	}
	body, err := s.body(m.Branches, d.width(), d.Seed)
	if err != nil {
		return nil, err
	}
	opts := []hybrid.Option{hybrid.WithNormalize(d.Normalize)}
	if s.SeparatePasses {
		opts = append(opts, hybrid.WithSeparatePasses())
	}
	if s.Crop == "resized" {
		opts = append(opts, hybrid.WithResize(augment.Resize{Shorter: s.Shorter}))
	}
	net, streams, err := m.New(body, method.Setup{Counts: d.counts, Size: s.Size, Features: d.width(), Dim: s.Embedding, Seed: d.Seed, Context: d.Context, Progress: d.Progress}, opts...)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Views == "resized":
		streams = streams.Augment(augment.CIFARResized())
	case s.Views == "strong":
		streams = streams.AugmentBranches(s.strong())
	case s.Views == "plain" && d.width() == 0:
		streams = streams.Augment(s.view())
	}
	r := &Run{Method: m.Name, Title: m.Title, Network: net, Trainer: s.trainer(m, images, d.Train.Len()), Train: d.Train, Held: d.Held, Test: d.Test,
		Watch: s.EvalEvery > 0, Choose: s.Choose != "last" && m.Second == nil}
	t := &r.Trainer
	t.Streams, t.Seed, t.EvalEvery, t.EvalBatch, t.HashImages = streams, d.Seed, s.EvalEvery, s.EvalBatch, s.HashImages
	t.EMA.Decay, t.EMA.Warmup = s.EMA, s.EMA > 0
	t.Ranks, t.SyncBatchNorm = d.Ranks, s.SyncBatchNorm
	t.Chunk, t.Accumulate, t.Recompute = s.Chunk, s.Accumulate, s.Recompute
	if t.Precision, err = autograd.ParsePrecision(s.Precision); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	if s.Limit > 0 {
		t.LimitSteps = min(s.Limit, cmp.Or(t.LimitSteps, s.Limit))
	}
	if r.Choose {
		t.EvalEvery, t.Patience, r.Watch = max(s.EvalEvery, 1), s.Patience, true
		if s.Choose == "balanced" {
			t.Score = func(e train.EpochReport) float64 { return float64(e.Validation.Balanced) }
		}
	}
	if s.Patience > 0 && !r.Choose {
		return nil, fmt.Errorf("experiment: patience waits for a better epoch, so it needs choose best or balanced, and a method without a second stage")
	}
	if s.Groups == "rank" {
		t.Groups = metrics.ByRank{First: 3, Last: 3}
	}
	if m.Second != nil {
		r.Finish = func(ctx context.Context) error { // of the sets as they are then, in memory
			return m.Finish(ctx, net, method.Stage{Train: r.Train, Held: r.Held, Retrain: posthoc.Retrain{Batch: s.Batch, Seed: d.Seed}})
		}
	}
	if s.Init != "" {
		note, told, err := s.begin(net)
		if err != nil {
			return nil, err
		}
		t.Notes.Other = append(t.Notes.Other, note)
		r.Told = told
	}
	if m.Teacher != nil {
		if err := d.addTeacher(r, m, images); err != nil {
			return nil, err
		}
	}
	if err := d.describe(r, m); err != nil {
		return nil, err
	}
	if batch, images := r.Manifest.Training.Batch*r.Manifest.Training.Accumulate, d.Train.Len(); batch > images {
		return nil, fmt.Errorf("experiment: %s draws batches of %d of only %d images: choose a smaller batch", m.Name, batch, images)
	}
	return r, nil
}

// view is the augmentation that all methods have in common.
func (s Settings) view() augment.Transform {
	if s.Crop == "resized" {
		return augment.Compose{augment.ResizedCrop{Height: s.Size, Width: s.Size}, augment.Flip{P: 0.5}}
	}
	// The hybrid networks' padding of 4 pixels in 32, in proportion.
	return augment.Compose{augment.Crop{Padding: s.Size / 8}, augment.Flip{P: 0.5}, augment.Grayscale{P: 0.2}}
}

// strong is the augmentation of BCL (arXiv 2207.09052) for contrasts and for classifiers, that of 32 pixels in proportion.
func (s Settings) strong() (feature, classifier augment.Transform) {
	return augment.SimAugment(s.Size), augment.Compose{augment.Crop{Padding: s.Size / 8}, augment.Flip{P: 0.5}, augment.AutoAugment{Fill: 128},
		augment.Cutout{Size: s.Size / 2}}
}

// body makes the backbone.
func (s Settings) body(branches, width int, seed uint64) (backbone.Backbone, error) {
	if width > 0 {
		return s.mlp(width, seed)
	}
	if s.Backbone == "resnet" {
		return backbone.NewResNet(backbone.ResNetSettings{Depth: s.Depth, Width: s.Width, Branches: branches, Seed: seed})
	}
	return backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: s.Depth, Width: s.Width, Branches: branches, Seed: seed})
}

// describe fills in the manifest of a run, and what tables say of its augmentation.
func (d *Data) describe(r *Run, m method.Method) error {
	s, t := d.Settings, &r.Trainer
	groups := t.Groups
	if groups == nil {
		groups = metrics.Groups{}
	}
	if _, _, _, err := groups.Split(d.counts); err != nil {
		return fmt.Errorf("experiment: groups %s: %w", s.Groups, err)
	}
	t.Notes = manifest.Notes{Data: d.manifest.Name, Profile: d.manifest.Profile, Method: m.Name, Recipe: s.recipe(), Selection: manifest.LastEpoch,
		Other: t.Notes.Other}
	if m.Branches > 1 {
		t.Notes.Other = append(t.Notes.Other, fmt.Sprintf("%d last blocks", m.Branches))
	}
	if m.SecondSettings != "" {
		t.Notes.Other = append(t.Notes.Other, "second stage: "+m.SecondSettings)
	}
	if r.Choose {
		if t.Notes.Selection = manifest.BestHeldOut; s.Choose == "balanced" {
			t.Notes.Selection += ", by the mean over classes"
		}
	}
	unread := *t
	unread.HashImages = train.HashNothing // Open did
	all, err := unread.Manifest(context.Background(), r.Network, d.Train, d.Test)
	if err != nil {
		return err
	}
	all.Data = d.manifest // of the sets before they are read into memory
	all.Network.Width = s.Width
	switch s.Backbone {
	case "cifar":
		all.Network.Backbone = fmt.Sprintf("CIFAR ResNet-%d", s.Depth) // with one last block or more
	case "resnet":
		all.Network.Backbone = fmt.Sprintf("ResNet-%d", s.Depth)
	}
	each := all.Training.Batch * all.Training.Accumulate // samples in a step
	steps := cmp.Or(t.LimitSteps, d.Train.Len()/each)
	all.Training.ImagesSeen = int64(all.Training.Epochs) * int64(steps) * int64(each) * int64(m.Images)
	r.Manifest = all
	r.describeTeacher()
	for _, stream := range t.Streams {
		for _, v := range stream.Views {
			if text := strings.Join(transforms(v), "+"); !slices.Contains(r.Augmentation, text) {
				r.Augmentation = append(r.Augmentation, text)
			}
		}
	}
	return nil
}

// transforms lists the names of a view's transforms.
func transforms(t augment.Transform) (all []string) {
	if c, ok := t.(augment.Compose); ok {
		for _, part := range c {
			all = append(all, transforms(part)...)
		}
		return all
	}
	_, name, _ := strings.Cut(fmt.Sprintf("%T", t), ".")
	return []string{strings.ToLower(name)}
}
