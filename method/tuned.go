package method

import (
	"cmp"
	"context"
	"errors"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// WeightBalancing balances the lengths of weights (arXiv 2203.14197): CE with a weight decay of 5e-3, which is in its Recipe, and
// then the classifier trained on with class-balanced weights, a weight decay of 0.1 and bounded rows (optim.MaxNorm). One
// image a sample, and one pass over the images for the second stage.
func WeightBalancing() Method {
	m := decoupled("weight-balancing", "Weight balancing", func(ctx context.Context, n *hybrid.Network, s Stage) (nn.Module, error) {
		head, err := linear(n)
		if err != nil {
			return nil, err
		}
		trainSet, err := features(ctx, n, s.Train)
		if err != nil {
			return nil, err
		}
		r := s.Retrain
		r.Batch = cmp.Or(r.Batch, 64)
		if r.Sampler == nil {
			r.Sampler = sampler.Instance{}
		}
		if r.LearningRate == nil {
			r.LearningRate = schedule.Cosine{Base: 0.01, ByStep: true}
		}
		if r.Optimizer == nil {
			r.Optimizer = optim.MaxNorm{Rule: optim.SGD{Momentum: 0.9, WeightDecay: 0.1}}
		}
		if r.Loss == nil {
			r.Loss = &loss.ClassBalanced{}
		}
		tuned, err := r.Tune(ctx, head, trainSet)
		return tuned, err
	})
	m.ArXiv = "2203.14197"
	m.Recipe = func(epochs int) train.Trainer {
		return train.Trainer{Epochs: epochs, Batch: 64, LearningRate: schedule.Cosine{Base: 0.01}, Optimizer: optim.SGD{Momentum: 0.9, WeightDecay: 5e-3}}
	}
	return m
}

// MiSLAS improves calibration for the long tail (arXiv 2104.00466): cross-entropy on mixup, and in a second stage batch norm's
// statistics moved to class-balanced images (shift learning), and a scale a class learnt with labels smoothed by frequency
// (posthoc.Retrain.LWS, loss.LabelAwareSmoothing). One image a sample, and two passes over the images for the second stage,
// or a little more for few images.
func MiSLAS() Method {
	m := blended("mislas", "MiSLAS", "2104.00466", func(s *hybrid.Stream, _ Setup) {
		s.Mixer = hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}
	})
	m.EveryClass, m.Recipe = true, jointRecipe(128, 0.1, 5, 5e-4)
	m.Second = func(ctx context.Context, n *hybrid.Network, s Stage) (head nn.Module, err error) {
		before := autograd.Snapshot(nn.Tensors(n)...)
		defer func() {
			if err != nil {
				n.SetWeights(before)
			}
		}()
		last, err := linear(n)
		if err != nil {
			return nil, err
		}
		if err := shift(ctx, n, s); err != nil {
			return nil, err
		}
		trainSet, err := features(ctx, n, s.Train)
		if err != nil {
			return nil, err
		}
		r := s.Retrain
		if r.LearningRate == nil {
			r.LearningRate = schedule.Cosine{Base: 0.1, ByStep: true}
		}
		if r.Loss == nil {
			r.Loss = &loss.LabelAwareSmoothing{}
		}
		scaled, _, err := r.LWS(ctx, last, trainSet)
		return scaled, err
	}
	return m
}

// shiftSteps are enough batches for running statistics of momentum 0.1 to forget what they were: 0.9⁵⁰ is half a percent.
const shiftSteps = 50

// shift moves running statistics to class-balanced images, and nothing else: an epoch of training without parameters to
// train, or as many as make shiftSteps.
func shift(ctx context.Context, n *hybrid.Network, s Stage) error {
	if !hasStatistics(n) {
		return nil
	}
	if s.Train.Len() == 0 {
		return errors.New("method: no training images for the running statistics")
	}
	for _, e := range nn.Params(n) {
		defer func(frozen bool) { e.Param.Frozen = frozen }(e.Param.Frozen)
		e.Param.Frozen = true
	}
	streams := hybrid.CEBalanced().Augment(augment.Identity{})
	if r := n.Resize(); r.Shorter > 0 {
		streams = streams.Augment(augment.CenterCrop{Resize: r, Height: n.Input().Height, Width: n.Input().Width})
	}
	if n.Input().Features > 0 {
		streams = streams.OnFeatures(nil)
	}
	batch := min(cmp.Or(s.Retrain.Batch, 128), s.Train.Len())
	steps := s.Train.Len() / batch
	_, err := train.Trainer{Streams: streams, Epochs: (shiftSteps + steps - 1) / steps, Batch: batch, LearningRate: schedule.Constant(0),
		Seed: s.Retrain.Seed}.Fit(ctx, n, s.Train, nil)
	return err
}

// hasStatistics says whether batch norm, say, keeps some.
func hasStatistics(n *hybrid.Network) bool {
	for _, e := range nn.Entries(n.Backbone) {
		if e.Buffer != nil {
			return true
		}
	}
	return false
}
