package main

import (
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// newTrainer returns the trainer of the method, and fills in its temperature.
func newTrainer(net *hybrid.Network, s *settings, classes int) (train.Trainer, error) {
	method, err := streams(net, s, classes)
	// The paper's augmentation, its padding of 4 pixels in 32 kept in proportion.
	view := augment.Compose{augment.Crop{Padding: s.Size / 8}, augment.Flip{P: 0.5}, augment.Grayscale{P: 0.2}}
	return train.Trainer{
		Streams: method.Augment(view), Epochs: s.Epochs, Batch: s.Batch, Seed: s.Seed, LimitSteps: s.Limit, EvalEvery: s.EvalEvery,
		LearningRate: schedule.MultiStep{Base: s.LR, Milestones: s.Milestones}, EMA: train.EMA{Decay: s.EMA, Warmup: s.EMA > 0},
	}, err
}

// streams returns the method's streams and fills in its temperature. Without a network it only checks the name.
func streams(n *hybrid.Network, s *settings, classes int) (hybrid.Streams, error) {
	tau := func(usual float64) float64 {
		if s.Tau == 0 && n != nil {
			s.Tau = usual
		}
		return s.Tau
	}
	switch s.Method {
	case "ce":
		return hybrid.CE(), nil
	case "ce-balanced":
		return hybrid.CEBalanced(), nil
	case "hybrid-sc":
		return hybrid.SC(tau(0.1)), nil
	case "hybrid-psc":
		usual := 0.1
		if classes <= 10 {
			usual = 1
		}
		psc := hybrid.PSC(tau(usual))
		l := psc[0].Terms[0].Loss.(*loss.PrototypicalContrastive)
		l.IncludeOwn = s.Own
		if n == nil {
			return psc, nil
		}
		// As training does, but now: the report compares the prototypes with what becomes of them.
		return psc, l.Build(loss.Target{Classes: n.Classes(), Dim: n.EmbeddingDim(), Seed: s.Seed})
	}
	return nil, fmt.Errorf("-method %q is not ce, ce-balanced, hybrid-sc or hybrid-psc", s.Method)
}
