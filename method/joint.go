package method

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// BCL is balanced contrastive learning (arXiv 2207.09052): 2·logit-adjusted cross-entropy on the first view and
// 0.6·loss.BalancedContrastive, temperature 0.1, on two others, whose class centres are made of the classifier's rows
// (prototype.ClassifierRows); embeddings and centres by heads of 512 hidden units with batch norm. Three images a sample:
// CIFARStrong and two SimAugment.
func BCL() Method {
	return Method{Name: "bcl", Title: "BCL", ArXiv: "2207.09052", Images: 3, Heads: wideHead, Recipe: jointRecipe(256, 0.15, 5, 5e-4),
		Streams: func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
			classifier, err := linear(n)
			if err != nil {
				return nil, err
			}
			centers := &prototype.ClassifierRows{Weight: classifier.Weight,
				Head: normalized(n.Backbone.OutDim(), wideHidden, n.EmbeddingDim(), rand.New(rand.NewPCG(s.Seed, 0x62636c)))}
			return threeViews(s, 2, hybrid.Term{Name: "bcl", Loss: &loss.BalancedContrastive{Bank: centers, Temperature: 0.1},
				Weight: schedule.Constant(0.6)}), nil
		}}
}

// ProCo is probabilistic contrastive learning (arXiv 2403.06726): logit-adjusted cross-entropy on the first view and
// loss.ProCo, temperature 0.1, on two others; views and head are those of BCL. Three images a sample; its memory does not
// grow with the batch, but it computes three Bessel functions for each row and class.
func ProCo() Method {
	return Method{Name: "proco", Title: "ProCo", ArXiv: "2403.06726", Images: 3, Heads: wideHead, Recipe: jointRecipe(256, 0.3, 5, 2e-4),
		Streams: func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
			l, err := loss.NewProCo(loss.ProCoSettings{Classes: n.Classes(), Dim: n.EmbeddingDim()})
			return threeViews(s, 1, hybrid.Term{Name: "proco", Loss: l}), err
		}}
}

// threeViews is logit-adjusted cross-entropy on one view and a contrast of two others.
func threeViews(s Setup, weight float64, contrast hybrid.Term) hybrid.Streams {
	sim := augment.SimAugment(s.size())
	contrast.Views = []int{1, 2}
	adjusted := hybrid.Term{Name: "logit-adjusted", Loss: &loss.LogitAdjusted{}, Weight: schedule.Constant(weight), Views: []int{0}}
	return hybrid.Streams{{Name: "joint", Sampler: sampler.Instance{}, Views: []augment.Transform{augment.CIFARStrong(), sim, sim},
		Terms: []hybrid.Term{adjusted, contrast}}}
}

// PaCo is parametric contrastive learning (arXiv 2107.12028): loss.PaCo, temperature 0.05, α 0.01, with a queue of 1,024
// keys, but no more than there are training images; embeddings by a head with batch norm. Two images a sample: a CIFARStrong
// one for the network and a SimAugment one for the momentum encoder (train.Trainer.KeyDecay), which takes no backward pass.
// The published run is 400 epochs.
func PaCo() Method {
	m := paco("paco", "PaCo", "2107.12028", 0.05, hybrid.Term{Views: []int{0}, KeyViews: []int{1}})
	m.Heads = func(width int, s Setup) []hybrid.Option {
		return []hybrid.Option{hybrid.WithProjectionModule(normalized(width, width, s.dim(), rand.New(rand.NewPCG(s.Seed, 0x7061636f))))}
	}
	return m
}

// GPaCo is generalised parametric contrastive learning (arXiv 2209.12400): PaCo without momentum encoder, both views
// trained on; embeddings by a head of two hidden layers. Two images a sample.
func GPaCo() Method {
	m := paco("gpaco", "GPaCo", "2209.12400", 0.1, hybrid.Term{})
	m.Heads = func(width int, s Setup) []hybrid.Option {
		rng := rand.New(rand.NewPCG(s.Seed, 0x677061636f))
		return []hybrid.Option{hybrid.WithProjectionModule(nn.Sequential{dense(width, width, rng), nn.Func(nn.ReLU),
			dense(width, width, rng), nn.Func(nn.ReLU), dense(width, s.dim(), rng)})}
	}
	return m
}

func paco(name, title, arXiv string, rate float64, t hybrid.Term) Method {
	return Method{Name: name, Title: title, ArXiv: arXiv, Images: 2,
		Streams: func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
			q, err := queue(1024, n, s)
			views, t := []augment.Transform{augment.CIFARStrong(), augment.SimAugment(s.size())}, t
			t.Name, t.Loss = name, &loss.PaCo{Queue: q, Temperature: 0.05, WithoutMomentum: t.KeyViews == nil}
			return hybrid.Streams{{Name: "joint", Sampler: sampler.Instance{}, Views: views, Terms: []hybrid.Term{t}}}, err
		},
		Recipe: jointRecipe(128, rate, 10, 5e-4)}
}

// jointRecipe warms up to the rate and cuts it tenfold after 80% and 90% of the epochs.
func jointRecipe(batch int, rate float64, warmup int, decay float64) func(epochs int) train.Trainer {
	return func(epochs int) train.Trainer {
		cut := schedule.MultiStep{Base: rate, Milestones: schedule.Milestones(epochs, 0.8, 0.9)}
		return train.Trainer{Epochs: epochs, Batch: batch, LearningRate: schedule.Warmup{Epochs: min(warmup, epochs), Then: cut},
			Optimizer: optim.SGD{Momentum: 0.9, WeightDecay: decay}}
	}
}

// wideHidden is the width of BCL's hidden layer.
const wideHidden = 512

// wideHead is the projection of BCL's code.
func wideHead(width int, s Setup) []hybrid.Option {
	return []hybrid.Option{hybrid.WithProjectionModule(normalized(width, wideHidden, s.dim(), rand.New(rand.NewPCG(s.Seed, 0x77696465))))}
}

func dense(in, out int, rng *rand.Rand) *nn.Linear {
	return nn.NewLinear(nn.LinearSettings{In: in, Out: out, Rand: rng})
}

// normalized is an MLP with batch norm after its hidden layer.
func normalized(in, hidden, out int, rng *rand.Rand) nn.Module {
	return nn.Sequential{dense(in, hidden, rng), nn.NewBatchNorm2d(hidden), nn.Func(nn.ReLU), dense(hidden, out, rng)}
}

// linear returns the classifier of a network, whose rows some methods need.
func linear(n *hybrid.Network) (*nn.Linear, error) {
	l, ok := n.Classifier.(*nn.Linear)
	if !ok {
		return nil, fmt.Errorf("needs a linear classifier, the network's is %T: leave out WithClassifier and WithCosineClassifier", n.Classifier)
	}
	return l, nil
}
