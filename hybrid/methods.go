package hybrid

import (
	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

// CE is a plain classifier: cross-entropy on every image once an epoch, with the augmentation of the paper's CIFAR runs.
func CE() Streams {
	return Streams{{Name: "classifier", Sampler: sampler.Instance{}, Views: []augment.Transform{augment.CIFAR()},
		Terms: []Term{{Name: "ce", Loss: &loss.CrossEntropy{}}}}}
}

// CEBalanced is CE with class-balanced batches: a class is drawn first, then one of its images.
func CEBalanced() Streams {
	s := CE()
	s[0].Sampler = sampler.ClassBalanced{}
	return s
}

// SC is the paper's Hybrid-SC (arXiv 2103.14267): a supervised contrastive loss with temperature tau on two views of
// instance-balanced batches, weighted α = 1 − (epoch/epochs)², and cross-entropy on class-balanced batches, weighted
// 1 − α. Streams.Curriculum sets another α. tau 0 means the paper's 0.1.
func SC(tau float64) Streams { return pair("sc", &loss.SupervisedContrastive{Temperature: tau}) }

// PSC is the paper's Hybrid-PSC: as SC, with the prototypical contrastive loss and learnable prototypes, which are made
// when training begins (loss.Builder). tau 0 means the paper's, which is 1 for up to ten classes
// (CIFAR-10) and 0.1 for more (CIFAR-100).
func PSC(tau float64) Streams { return pair("psc", &loss.PrototypicalContrastive{Temperature: tau}) }

// pair is the paper's two streams around a contrastive loss.
func pair(name string, contrast loss.Loss) Streams {
	view := augment.CIFAR()
	return Streams{
		{Name: "feature", Sampler: sampler.Instance{}, Views: []augment.Transform{view, view}, Terms: []Term{{Name: name, Loss: contrast}}},
		{Name: "classifier", Sampler: sampler.ClassBalanced{}, Views: []augment.Transform{view},
			Terms: []Term{{Name: "ce", Loss: &loss.CrossEntropy{}}}},
	}.Curriculum(schedule.Curriculum{})
}
