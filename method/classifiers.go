package method

import (
	"cmp"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// CE is plain cross-entropy on every image once an epoch, the baseline: loss.CrossEntropy, with the augmentation and
// recipe of arXiv 2103.14267. One image a sample. It serves the frequent classes and fails the rare ones.
func CE() Method {
	return Method{Name: "ce", Title: "CE", Images: 1, Heads: classifierOnly, Recipe: hybridRecipe,
		Streams: func(*hybrid.Network, Setup) (hybrid.Streams, error) { return hybrid.CE(), nil }}
}

// CEBalanced is CE on class-balanced batches (sampler.ClassBalanced). One image a sample. Rare images come often enough to
// be learnt by heart: the second stage of CRT has the gain without the loss.
func CEBalanced() Method {
	return Method{Name: "ce-balanced", Title: "CE, balanced batches", Images: 1, Heads: classifierOnly, Recipe: hybridRecipe,
		Streams: func(*hybrid.Network, Setup) (hybrid.Streams, error) { return hybrid.CEBalanced(), nil }}
}

// Focal is the focal loss of arXiv 1708.02002. One image a sample. It knows nothing of the class counts: a baseline more
// than a cure.
func Focal(s loss.Focal) Method {
	s.Gamma = cmp.Or(s.Gamma, 2) // manifests tell it
	return classifier("focal", "Focal", "1708.02002", func() loss.Loss { return copied(s) })
}

// ClassBalanced is cross-entropy with the weights of arXiv 1901.05555. One image a sample. It needs images of every class;
// rare classes' large weights want a small learning rate or clipping.
func ClassBalanced(s loss.ClassBalanced) Method {
	return classifier("class-balanced", "Class-balanced weights", "1901.05555", func() loss.Loss { return copied(s) })
}

// LogitAdjusted is the logit-adjusted loss of arXiv 2007.07314; the zero value is balanced softmax (arXiv 2007.10740) too.
// One image a sample, and nothing to tune: the first to try.
func LogitAdjusted(s loss.LogitAdjusted) Method {
	return classifier("logit-adjusted", "Logit-adjusted", "2007.07314", func() loss.Loss { return copied(s) })
}

// LDAMDRW is LDAM with deferred re-weighting (arXiv 1906.07413): loss.LDAM on a cosine classifier, and class-balanced
// weights from 80% of the epochs on (loss.DRW). One image a sample. It needs images of every class, and enough epochs
// after the weights set in.
func LDAMDRW() Method {
	m := classifier("ldam-drw", "LDAM-DRW", "1906.07413", func() loss.Loss { return &loss.CrossEntropy{} })
	m.Heads = func(width int, s Setup) []hybrid.Option {
		cosines := nn.NewCosine(nn.CosineSettings{In: width, Classes: len(s.Counts), Scale: ldamScale, Seed: s.Seed})
		return []hybrid.Option{hybrid.WithoutProjection(), hybrid.WithClassifier(cosines)}
	}
	streams := m.Streams
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		scale, err := cosineScale(n)
		if err != nil {
			return nil, err
		}
		all, err := streams(n, s)
		if err == nil {
			all[0].Terms[0].Loss = ldamDRW(scale)
		}
		return all, err
	}
	m.Recipe = ldamRecipe
	return m
}

// ldamScale is what the heads multiply cosines by, so that their logits are those of probabilities.
const ldamScale = 30

// ldamDRW is for logits that are cosines times a scale, or cosines alone, which the loss multiplies.
func ldamDRW(scale float64) loss.Loss {
	before := loss.LDAM{Scale: scale, Scaled: true}
	if scale == 1 {
		before = loss.LDAM{}
	}
	after := before
	after.Reweight = true
	return &loss.DRW{Before: &before, After: &after}
}

// cosineScale is what the network's classifier multiplies cosines by.
func cosineScale(n *hybrid.Network) (float64, error) {
	c, ok := n.Classifier.(*nn.Cosine)
	if !ok {
		return 0, fmt.Errorf("needs a classifier of cosines, the network's is %T: leave out WithClassifier", n.Classifier)
	}
	return cmp.Or(c.Scale, 1), nil
}

// ldamRecipe is that of LDAM's code, on which others are built.
func ldamRecipe(epochs int) train.Trainer {
	rate := schedule.MultiStep{Base: 0.1, Milestones: schedule.Milestones(epochs, 0.8, 0.9), Gamma: 0.01}
	return train.Trainer{Epochs: epochs, Batch: 128, LearningRate: schedule.Warmup{Epochs: min(5, epochs), Then: rate},
		Optimizer: optim.SGD{Momentum: 0.9, WeightDecay: 2e-4}}
}

// BBN is the bilateral-branch network (arXiv 1912.02413): every image of an epoch and one drawn by sampler.Reversed pass
// a last block of their own each, and cross-entropy sees their features mixed, the reversed part growing by
// schedule.Curriculum (hybrid.Partner). It needs a backbone of two branches. Two images a sample; in prediction both blocks
// of every image.
func BBN() Method {
	m := classifier("bbn", "BBN", "1912.02413", func() loss.Loss { return &loss.CrossEntropy{} })
	streams := m.Streams
	m.Images, m.Branches = 2, 2
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		all, err := streams(n, s)
		if err != nil {
			return nil, err
		}
		all[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}}
		return all, nil
	}
	m.Recipe = func(epochs int) train.Trainer {
		rate := schedule.MultiStep{Base: 0.1, Milestones: schedule.Milestones(epochs, 0.6, 0.8), Gamma: 0.01}
		return train.Trainer{Epochs: epochs, Batch: 128, LearningRate: schedule.Warmup{Epochs: min(5, epochs), Then: rate},
			Optimizer: optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 2e-4}}
	}
	return m
}

// classifier is a loss of logits on one view of every image.
func classifier(name, title, arXiv string, l func() loss.Loss) Method {
	return Method{Name: name, Title: title, ArXiv: arXiv, Images: 1, Heads: classifierOnly,
		Streams: func(*hybrid.Network, Setup) (hybrid.Streams, error) {
			return hybrid.Streams{{Name: "classifier", Sampler: sampler.Instance{}, Views: []augment.Transform{cropFlip()},
				Terms: []hybrid.Term{{Name: name, Loss: l()}}}}, nil
		}}
}

// copied is a loss of the given settings for one network alone.
func copied[L any](settings L) *L { return &settings }

func classifierOnly(int, Setup) []hybrid.Option { return []hybrid.Option{hybrid.WithoutProjection()} }

// hybridRecipe is that of arXiv 2103.14267, the trainer's own.
func hybridRecipe(epochs int) train.Trainer { return train.Trainer{Epochs: epochs} }

// cropFlip is the plain augmentation of 32×32 images.
func cropFlip() augment.Transform {
	return augment.Compose{augment.Crop{Padding: 4}, augment.Flip{P: 0.5}}
}
