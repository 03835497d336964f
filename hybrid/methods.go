package hybrid

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

// CE is a plain classifier: cross-entropy on every image once an epoch, with the augmentation of the paper's CIFAR runs.
func CE() []Stream {
	return []Stream{{Name: "classifier", Sampler: sampler.Instance{}, Views: []augment.Transform{augment.CIFAR()},
		Terms: []Term{{Name: "ce", Loss: &loss.CrossEntropy{}}}}}
}

// CEBalanced is CE with class-balanced batches: a class is drawn first, then one of its images.
func CEBalanced() []Stream {
	s := CE()
	s[0].Sampler = sampler.ClassBalanced{}
	return s
}

// SC is the paper's Hybrid-SC (arXiv 2103.14267): a supervised contrastive loss with temperature tau on two views of
// instance-balanced batches, weighted α = 1 − (epoch/epochs)², and cross-entropy on class-balanced batches, weighted
// 1 − α. The paper uses tau 0.1.
func SC(tau float64) []Stream { return pair("sc", &loss.SupervisedContrastive{Temperature: tau}) }

// PSC is the paper's Hybrid-PSC for the network: as SC, with the prototypical contrastive loss and learnable prototypes.
// The paper uses tau 1 on CIFAR-10 and 0.1 on CIFAR-100. It is an error if the network has no projection head.
func PSC(n *Network, tau float64, seed uint64) ([]Stream, error) {
	bank, err := prototype.NewLearnable(n.Classes(), n.EmbeddingDim(), rand.New(rand.NewPCG(seed, 0x707363)))
	if err != nil {
		return nil, err
	}
	return pair("psc", &loss.PrototypicalContrastive{Bank: bank, Temperature: tau}), nil
}

// pair is the paper's two streams around a contrastive loss.
func pair(name string, contrast loss.Loss) []Stream {
	alpha, view := schedule.Curriculum{}, augment.CIFAR()
	return []Stream{
		{Name: "feature", Sampler: sampler.Instance{}, Views: []augment.Transform{view, view},
			Terms: []Term{{Name: name, Loss: contrast, Weight: alpha}}},
		{Name: "classifier", Sampler: sampler.ClassBalanced{}, Views: []augment.Transform{view},
			Terms: []Term{{Name: "ce", Loss: &loss.CrossEntropy{}, Weight: schedule.Complement(alpha)}}},
	}
}

// Augment replaces every view of the streams by one transform and returns them: for images that want other augmentation
// than CIFAR's. A stream without views gets one.
func Augment(streams []Stream, view augment.Transform) []Stream {
	for i := range streams {
		if len(streams[i].Views) == 0 {
			streams[i].Views = make([]augment.Transform, 1)
		}
		for v := range streams[i].Views {
			streams[i].Views[v] = view
		}
	}
	return streams
}
