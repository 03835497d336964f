package method

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// AggregateSettings are those of Aggregate; the zero value is SADE's.
type AggregateSettings struct {
	posthoc.Aggregation
	// View is what each image passes in two draws; nil means crop with a padding of an eighth of the network's width, and flip: as in
	// training, for 32 pixels.
	View augment.Transform
}

// Aggregate weighs the experts of a trained network by how much they agree with themselves on two views of images without labels, those
// that it will be used on: the second part of SADE (arXiv 2107.09249), see posthoc.Aggregation. It returns the weights, and the
// classifier whose logits are the experts' mean by them; the network stays as it is. Two images for each, forward alone.
func Aggregate(ctx context.Context, n *hybrid.Network, images dataset.Dataset, s AggregateSettings) (weights []float64, classifier *nn.Linear, err error) {
	if err := n.CheckExperts(); err != nil {
		return nil, nil, fmt.Errorf("method: aggregation: %w", err)
	}
	head, err := linear(n)
	if err != nil {
		return nil, nil, fmt.Errorf("method: aggregation: %w", err)
	}
	if n.Input().Features > 0 {
		return nil, nil, fmt.Errorf("method: aggregation needs views of images, and the network takes %s", n.Input())
	}
	if s.View == nil {
		s.View = augment.Compose{augment.Crop{Padding: n.Input().Width / 8}, augment.Flip{P: 0.5}}
	}
	if err := augment.Validate(s.View); err != nil {
		return nil, nil, fmt.Errorf("method: aggregation: View: %w", err)
	}
	experts := n.Backbone.(backbone.Branched).Branches()
	var views [2][]*tensor.Tensor
	for v := range views {
		x, _, err := n.FeaturesOf(ctx, viewed{images, s.View, augment.Key{Seed: s.Seed, View: v}}, 0)
		if err != nil {
			return nil, nil, fmt.Errorf("method: aggregation: %w", err)
		}
		if views[v], err = posthoc.ExpertLogits(head, x, experts); err != nil {
			return nil, nil, fmt.Errorf("method: aggregation: %w", err)
		}
	}
	if weights, err = s.Learn(ctx, views[0], views[1]); err != nil {
		return nil, nil, err
	}
	classifier, err = posthoc.WeighExperts(head, weights)
	return weights, classifier, err
}

// viewed is a draw of a view of each image.
type viewed struct {
	dataset.Dataset
	view augment.Transform
	key  augment.Key
}

// Image gives the draw of image i, which is the same each time.
func (v viewed) Image(i int, dst *dataset.Image) error {
	if err := v.Dataset.Image(i, dst); err != nil {
		return err
	}
	if err := dst.Check(); err != nil {
		return err
	}
	v.key.Position = i
	v.view.Apply(dst, v.key.Rand())
	return nil
}
