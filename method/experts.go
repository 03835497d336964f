package method

import (
	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// RIDE is routing diverse experts (arXiv 2010.01809) without the routing: three experts on a common trunk, each with the loss of
// LDAMDRW, paid for disagreeing with their mean (loss.ExpertDiversity), which predicts. It needs a backbone of three
// branches. One image a sample, of which every expert computes the last part.
func RIDE() Method {
	m := experts("ride", "RIDE", "2010.01809", 0.01, func(n *hybrid.Network) ([]hybrid.Term, error) {
		scale, err := cosineScale(n)
		diversity := &loss.ExpertDiversity{}
		if scale != 1 {
			diversity.Scale = 1 // the logits have theirs
		}
		return []hybrid.Term{{Name: "ldam-drw", Loss: &loss.Experts{Each: []loss.Loss{ldamDRW(scale), ldamDRW(scale), ldamDRW(scale)}}},
			{Name: "diversity", Loss: diversity}}, err
	})
	m.Heads = func(width int, s Setup) []hybrid.Option {
		cosines := nn.NewCosine(nn.CosineSettings{In: width, Classes: len(s.Counts), Scale: ldamScale, Groups: m.Branches, Seed: s.Seed})
		return []hybrid.Option{hybrid.WithoutProjection(), hybrid.WithClassifier(cosines)}
	}
	return m
}

// SADE is self-supervised aggregation of diverse experts (arXiv 2107.09249) with all experts alike at test: three on a common
// trunk, trained by cross-entropy for the frequent classes, for all classes, and for the rare ones (loss.LogitAdjusted). It
// needs a backbone of three branches. One image a sample, of which every expert computes the last part.
func SADE() Method {
	return experts("sade", "SADE", "2107.09249", 0.1, func(*hybrid.Network) ([]hybrid.Term, error) {
		return []hybrid.Term{{Name: "experts", Loss: &loss.Experts{Each: adjusted(loss.Off, 1, 3)}}}, nil
	})
}

// BalPoE is a balanced product of experts (arXiv 2306.05260): as SADE with logits adjusted by τ = 0, 1 and 2, whose mean is that
// of one expert adjusted by 1, and mixup of α 0.4, which calibrates them.
func BalPoE() Method {
	m := experts("balpoe", "BalPoE", "2306.05260", 0.1, func(*hybrid.Network) ([]hybrid.Term, error) {
		return []hybrid.Term{{Name: "experts", Loss: &loss.Experts{Each: adjusted(loss.Off, 1, 2), Mean: true}}}, nil
	})
	streams := m.Streams
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		all, err := streams(n, s)
		if err == nil {
			all[0].Mixer = hybrid.Mixing{Blender: augment.Mixup{Alpha: 0.4}}
		}
		return all, err
	}
	return m
}

// adjusted is a logit-adjusted loss for each τ.
func adjusted(taus ...float64) (all []loss.Loss) {
	for _, tau := range taus {
		all = append(all, &loss.LogitAdjusted{Tau: tau})
	}
	return all
}

// experts is three branches, and losses of their logits. gamma is what the rate is multiplied by after 80% and 90% of the epochs.
func experts(name, title, arXiv string, gamma float64, terms func(*hybrid.Network) ([]hybrid.Term, error)) Method {
	m := classifier(name, title, arXiv, func() loss.Loss { return &loss.CrossEntropy{} })
	streams := m.Streams
	m.Branches = 3
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		if err := n.CheckExperts(); err != nil {
			return nil, err
		}
		all, err := streams(n, s)
		if err == nil {
			all[0].Terms, err = terms(n)
		}
		return all, err
	}
	m.Recipe = func(epochs int) train.Trainer {
		rate := schedule.MultiStep{Base: 0.1, Milestones: schedule.Milestones(epochs, 0.8, 0.9), Gamma: gamma}
		return train.Trainer{Epochs: epochs, Batch: 128, LearningRate: schedule.Warmup{Epochs: min(5, epochs), Then: rate},
			Optimizer: optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4}}
	}
	return m
}
