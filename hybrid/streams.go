package hybrid

import (
	"errors"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/schedule"
)

// Streams is what a network is trained on at once. Its methods return changed copies, which share the losses: a loss with
// state, such as a queue or prototypes, is for one run.
type Streams []Stream

// Curriculum sets the weights of hybrids: alpha for each term whose loss sees embeddings, 1 − alpha for the others.
func (s Streams) Curriculum(alpha schedule.Scheduler) Streams {
	out := slices.Clone(s)
	for i := range out {
		out[i].Terms = slices.Clone(out[i].Terms)
		for k := range out[i].Terms {
			t := &out[i].Terms[k]
			if t.Weight = schedule.Complement(alpha); t.Loss != nil && t.Loss.Needs().Embedding {
				t.Weight = alpha
			}
		}
	}
	return out
}

// Passes is how often a batch passes the network in a step: once, but twice where all terms have a Rho, and three times where
// some have.
func (s Streams) Passes() int {
	plain, steep := 0, 0
	for _, stream := range s {
		for _, t := range stream.Terms {
			if t.Rho > 0 {
				steep = 2
			} else {
				plain = 1
			}
		}
	}
	return max(1, plain+steep)
}

// TaughtBy makes a network the teacher of all streams that learn from one.
func (s Streams) TaughtBy(teacher *Network) Streams {
	out := slices.Clone(s)
	for i := range out {
		if len(out[i].Taught()) > 0 {
			out[i].Teacher = teacher
		}
	}
	return out
}

// CheckTeacher says why n cannot learn from another network: it knows other classes, or takes other images.
func (n *Network) CheckTeacher(teacher *Network) error {
	switch {
	case teacher == nil:
		return errors.New("hybrid: the teacher is nil")
	case teacher.classes != n.classes:
		return fmt.Errorf("hybrid: the teacher knows %d classes, the network that is trained %d: they must be the same", teacher.classes, n.classes)
	case teacher.input != n.input:
		return fmt.Errorf("hybrid: the teacher takes %s, the network that is trained %s: they see the same rows", teacher.input, n.input)
	}
	return nil
}

// Augment puts one transform in place of every view: for images that want other augmentation than CIFAR's. A stream without
// views gets one.
func (s Streams) Augment(view augment.Transform) Streams {
	out := slices.Clone(s)
	for i := range out {
		out[i].Views = slices.Repeat([]augment.Transform{view}, max(1, len(out[i].Views)))
	}
	return out
}

// AugmentBranches puts a transform in place of every view: classifier where a loss on logits sees it, feature where only losses on
// embeddings do, or keys are made of it. A stream without views gets one.
func (s Streams) AugmentBranches(feature, classifier augment.Transform) Streams {
	out := s.Augment(feature)
	for _, stream := range out {
		for _, t := range stream.Terms {
			if t.Loss == nil || !t.Loss.Needs().Logits {
				continue
			}
			for _, v := range stream.SeenBy(t) {
				if v >= 0 && v < len(stream.Views) { // training says what is wrong with others
					stream.Views[v] = classifier
				}
			}
		}
	}
	return out
}

// OnFeatures is for features in place of images: view takes the place of every view of streams that have several, and the
// others see features as they are. nil means augment.FeatureViews.
func (s Streams) OnFeatures(view augment.FeatureTransform) Streams {
	if view == nil {
		view = augment.FeatureViews()
	}
	out := slices.Clone(s)
	for i := range out {
		if n := len(out[i].Views); n > 1 {
			out[i].Views = slices.Repeat([]augment.Transform{view}, n)
		} else {
			out[i].Views = nil
		}
	}
	return out
}
