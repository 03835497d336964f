package method

import (
	"math"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

// Remix is cross-entropy on mixup whose labels go to the rarer class (arXiv 2007.03943): hybrid.Remix. One image a sample,
// and nothing to tune that the paper tunes. The rows of frequent classes teach the rare ones, whose images stay few.
func Remix() Method {
	return blended("remix", "Remix", "2007.03943", func(s *hybrid.Stream, setup Setup) {
		s.Mixer = hybrid.Remix{Blender: augment.Mixup{Alpha: 1}, Counts: setup.Counts}
	})
}

// CMO is context-rich minority oversampling (arXiv 2112.00412): cross-entropy on images of which every second batch has a box
// of a class-balanced batch pasted in (hybrid.Partner), so that rare classes are seen on the backgrounds of frequent ones. The
// first epochs and the last ones are plain. One image a sample, though two are read. Features are mixed up in place of cut.
func CMO() Method {
	m := blended("cmo", "CMO", "2112.00412", func(s *hybrid.Stream, setup Setup) {
		s.Partner = &hybrid.Partner{Sampler: sampler.ClassBalanced{}, Blender: augment.CutMix{Alpha: 1, P: 1}, Weight: schedule.Func(cmoPlain)}
		if setup.Features > 0 {
			s.Partner.Blender = augment.Mixup{Alpha: 1}
		}
	})
	m.Recipe = ldamRecipe
	return m
}

// cmoPlain is the probability that a batch is plain: 1 in the first 2% of the epochs and the last 1.5%, which are 4 and 3 of
// the authors' 200, and else a half.
func cmoPlain(at schedule.Progress) float64 {
	first, last := math.Round(0.02*float64(at.Epochs)), math.Round(0.015*float64(at.Epochs))
	if epoch := float64(at.Epoch); epoch < first || epoch >= float64(at.Epochs)-last {
		return 1
	}
	return 0.5
}

// blended is cross-entropy on samples that are blended with others.
func blended(name, title, arXiv string, blend func(*hybrid.Stream, Setup)) Method {
	m := classifier("ce", title, arXiv, func() loss.Loss { return &loss.CrossEntropy{} })
	streams := m.Streams
	m.Name = name
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		all, err := streams(n, s)
		if err == nil {
			blend(&all[0], s)
		}
		return all, err
	}
	return m
}
