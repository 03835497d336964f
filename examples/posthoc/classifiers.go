package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/tensor"
)

// classifier is how well one does on the test set.
type classifier struct {
	Name string `json:"name"`
	metrics.Report
	ECE metrics.Rate `json:"ece"` // n/a where scores are no logits
	NLL *float64     `json:"nll"` // in nats; nil likewise
}

// features are what the backbone makes of images, without augmentation.
func features(ctx context.Context, net *hybrid.Network, d dataset.Dataset) (posthoc.Set, error) {
	x, labels, err := net.FeaturesOf(ctx, d, 0)
	return posthoc.Set{Features: x, Labels: labels, Classes: net.Classes()}, err
}

// classifiers tries them one after another.
func classifiers(ctx context.Context, net *hybrid.Network, trainSet, test posthoc.Set, seed uint64) (all []classifier, err error) {
	try := func(name string, logits bool, scores *tensor.Tensor, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c, err := judge(scores, test.Labels, trainSet.Counts(), logits)
		c.Name = name
		all = append(all, c)
		return err
	}
	head := func(name string, h *nn.Linear, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		scores, err := posthoc.Logits(h, test.Features)
		return try(name, true, scores, err)
	}
	own := net.Logits(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(test.Features)).Value()
	if err := try("its own", true, own, nil); err != nil {
		return nil, err
	}
	retrain := posthoc.Retrain{Seed: seed}
	crt, err := retrain.CRT(ctx, trainSet)
	if err := head("cRT: class-aware batches", crt, err); err != nil {
		return nil, err
	}
	retrain.Sampler = sampler.Instance{}
	retrain.Epochs = epochs(trainSet)
	plain, err := retrain.CRT(ctx, trainSet)
	if err := head("plain: every image once an epoch", plain, err); err != nil {
		return nil, err
	}
	adjusted, err := posthoc.AdjustHead(plain, trainSet.Counts(), 1)
	if err := head("plain, logits adjusted, τ 1", adjusted, err); err != nil {
		return nil, err
	}
	normalized, err := posthoc.TauNormalize(plain, 1)
	if err := head("plain, τ-normalized, τ 1", normalized, err); err != nil {
		return nil, err
	}
	means, err := posthoc.NewClassMeans(trainSet, posthoc.ClassMeansSettings{})
	if err != nil {
		return nil, err
	}
	scores, err := means.Scores(test.Features)
	if err := try("nearest class mean", false, scores, err); err != nil {
		return nil, err
	}
	votes, err := posthoc.KNN{Balanced: true}.Scores(trainSet, test.Features)
	if err := try("200 nearest images, votes by class size", false, votes, err); err != nil {
		return nil, err
	}
	return all, nil
}

// epochs are so many that batches of every image have as many steps as the ten of class-aware ones, C·n_max images each.
func epochs(s posthoc.Set) int {
	return int(math.Ceil(10 * float64(s.Classes*slices.Max(s.Counts())) / float64(len(s.Labels))))
}

// judge counts what scores are right, and how sure they are.
func judge(scores *tensor.Tensor, labels, counts []int, logits bool) (classifier, error) {
	c := classifier{ECE: metrics.Rate(math.NaN())}
	confusion, err := posthoc.Judge(scores, labels)
	if err != nil {
		return c, err
	}
	if c.Report, err = confusion.Report(counts, metrics.Groups{}); err != nil || !logits {
		return c, err
	}
	probabilities, err := metrics.Softmax(scores.Data(), len(counts), 1)
	if err != nil {
		return c, err
	}
	bins, err := metrics.Reliability(probabilities, labels, 15)
	if err != nil {
		return c, err
	}
	c.ECE = metrics.ECE(bins)
	nll := 0.0
	for i, y := range labels {
		nll -= math.Log(max(float64(probabilities[i*len(counts)+y]), math.SmallestNonzeroFloat32)) / float64(len(labels))
	}
	c.NLL = &nll
	return c, nil
}
