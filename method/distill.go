package method

import (
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// DiVE distils virtual examples (arXiv 2103.15042): half the logit-adjusted loss and half of loss.Distillation, which learns what a
// teacher trained by the logit-adjusted loss says of each image, flattened, so that images of frequent classes teach the rare ones
// too. Any network of the same images and classes may teach (hybrid.Streams.TaughtBy); the paper's is of the same architecture. Two
// images a sample, one of which passes the teacher, forward alone; and another where the teacher is trained first.
func DiVE(l loss.Distillation) Method {
	recipe := func(epochs int) train.Trainer {
		rate := schedule.MultiStep{Base: 0.1, Milestones: schedule.Milestones(epochs, 0.6, 0.8), Gamma: 0.01}
		return train.Trainer{Epochs: epochs, Batch: 128, LearningRate: schedule.Warmup{Epochs: min(5, epochs), Then: rate},
			Optimizer: optim.SGD{Momentum: 0.9, WeightDecay: 2e-4}}
	}
	teacher := LogitAdjusted(loss.LogitAdjusted{})
	teacher.Recipe = recipe
	m := classifier("dive", "DiVE", "2103.15042", func() loss.Loss { return copied(l) })
	m.Images, m.Teacher, m.Recipe = 2, &teacher, recipe
	streams := m.Streams
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		all, err := streams(n, s)
		if err == nil {
			half := schedule.Constant(0.5)
			all[0].Terms[0].Weight = half
			all[0].Terms = append(all[0].Terms, hybrid.Term{Name: "logit-adjusted", Loss: &loss.LogitAdjusted{}, Weight: half})
		}
		return all, err
	}
	return m
}
