package method

import (
	"cmp"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/tensor"
)

// HybridSC is the paper's Hybrid-SC (arXiv 2103.14267): the contrast, and cross-entropy on class-balanced batches, the
// weight moving from the one to the other by schedule.Curriculum. Three images a sample: two views and a class-balanced
// image. The contrast needs batches in which rare classes meet.
func HybridSC(s loss.SupervisedContrastive) Method {
	return Method{Name: "hybrid-sc", Title: "Hybrid-SC", ArXiv: "2103.14267", Images: 3, Recipe: hybridRecipe,
		Streams: func(*hybrid.Network, Setup) (hybrid.Streams, error) {
			streams := hybrid.SC(cmp.Or(s.Temperature, 0.1))
			streams[0].Terms[0].Loss.(*loss.SupervisedContrastive).Inside = s.Inside
			return streams, nil
		}}
}

// PSC are the settings of HybridPSC; the zero value is the paper's.
type PSC struct {
	Temperature float64 // τ; 0 means the paper's, which is 1 for up to ten classes and 0.1 for more
	IncludeOwn  bool    // keep the row's own class in the denominator, which the paper leaves out
	// Fixed leaves the prototypes where prototype.OnSphere puts them instead of training them.
	Fixed bool
}

// HybridPSC is the paper's Hybrid-PSC (arXiv 2103.14267): as HybridSC with loss.PrototypicalContrastive and learnable
// prototypes. Three images a sample; memory grows with the classes instead of the square of the batch. ByName knows its
// variants as hybrid-psc-own, hybrid-psc-fixed and hybrid-psc-own-fixed.
func HybridPSC(p PSC) Method {
	m := Method{Name: "hybrid-psc", Title: "Hybrid-PSC", ArXiv: "2103.14267", Images: 3, Recipe: hybridRecipe,
		Streams: func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
			usual := 0.1
			if n.Classes() <= 10 {
				usual = 1
			}
			streams := hybrid.PSC(cmp.Or(p.Temperature, usual))
			l := streams[0].Terms[0].Loss.(*loss.PrototypicalContrastive)
			l.IncludeOwn = p.IncludeOwn
			if p.Fixed {
				var err error
				l.Bank, err = fixed(n, s)
				return streams, err
			}
			return streams, nil
		}}
	if p.IncludeOwn {
		m.Name, m.Title = m.Name+"-own", m.Title+", own class kept"
	}
	if p.Fixed {
		m.Name, m.Title = m.Name+"-fixed", m.Title+", fixed prototypes"
	}
	return m
}

// fixed returns prototypes that stay where they are.
func fixed(n *hybrid.Network, s Setup) (prototype.Bank, error) {
	points, err := onSphere(n, s)
	if err != nil {
		return nil, err
	}
	return prototype.NewFixed(points)
}

// onSphere returns a point for each class, as far from each other as they get.
func onSphere(n *hybrid.Network, s Setup) (*tensor.Tensor, error) {
	return prototype.OnSphere(s.context(), prototype.Sphere{Points: n.Classes(), Dim: n.EmbeddingDim(), Seed: s.Seed, Progress: s.Progress})
}

// KCL is K-positive contrastive learning (Kang et al., ICLR 2021) and a classifier trained class-balanced on the frozen
// backbone: loss.KCL, temperature 0.07, six positives from a queue of the paper's 65,536 keys, but no more than there are
// training images. Two images a sample, one for the network and one for the momentum encoder (train.Trainer.KeyDecay),
// which takes no backward pass; and batch·queue similarities.
func KCL() Method {
	return Method{Name: "kcl", Title: "KCL", Images: 2, EveryClass: true, Second: retrained,
		Streams: func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
			l, err := kcl(n, s)
			return withKeys("kcl", &l, s), err
		}}
}

// TSC is targeted supervised contrastive learning (arXiv 2111.13998): KCL with loss.TSC, whose targets prototype.OnSphere
// spreads and prototype.Targets deals out to the classes after each step. That costs the classes cubed, so that with more
// than 1,000 of them it is done at the end of each epoch. Two images a sample, as KCL.
func TSC() Method {
	return Method{Name: "tsc", Title: "TSC", ArXiv: "2111.13998", Images: 2, EveryClass: true, Second: retrained,
		Streams: func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
			l, err := kcl(n, s)
			if err != nil {
				return nil, err
			}
			points, err := onSphere(n, s)
			if err != nil {
				return nil, err
			}
			targets, err := prototype.NewTargets(points)
			if err != nil {
				return nil, err
			}
			targets.AtEpochEnds = n.Classes() > 1000
			targets.Watch(s.context(), s.Progress)
			return withKeys("tsc", &loss.TSC{KCL: l, Targets: targets}, s), nil
		}}
}

func kcl(n *hybrid.Network, s Setup) (loss.KCL, error) {
	q, err := queue(65536, n, s)
	return loss.KCL{Queue: q, Temperature: 0.07}, err
}

// queue is of the paper's length, but holds no image twice for long.
func queue(length int, n *hybrid.Network, s Setup) (*loss.Queue, error) {
	images := 0
	for _, c := range s.Counts {
		images += c
	}
	return loss.NewQueue(min(length, max(images, 1)), n.EmbeddingDim())
}

// withKeys is contrast with the second view for the keys.
func withKeys(name string, l loss.Loss, s Setup) hybrid.Streams {
	streams := contrast(name, l, s)
	streams[0].Terms[0].Views, streams[0].Terms[0].KeyViews = []int{0}, []int{1}
	return streams
}

// contrast is one loss on two views of SimAugment.
func contrast(name string, l loss.Loss, s Setup) hybrid.Streams {
	view := augment.SimAugment(s.size())
	return hybrid.Streams{{Name: "feature", Sampler: sampler.Instance{}, Views: []augment.Transform{view, view},
		Terms: []hybrid.Term{{Name: name, Loss: l}}}}
}
