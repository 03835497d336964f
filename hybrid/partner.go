package hybrid

import (
	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

// Partner gives each sample of a stream a second one, drawn by another sampler, and mixes their features, as the cumulative
// learning of BBN does (arXiv 1912.02413). The stream's own sample takes the first branch of the backbone, its partner the
// second; the features are α·f ⊕ (1−α)·g, side by side, and losses see them as one row with the labels of both: Input.Mix
// has α. So cross-entropy becomes α·CE(x, y) + (1−α)·CE(x, y').
//
// Losses of logits can be mixed, contrastive ones cannot. The backbone must be a backbone.Branched of two branches, such as
// a ResNet of that setting. The two batches pass it one after the other, whatever WithSeparatePasses says, as in the
// authors' code. In evaluation every image takes both branches with α = ½.
//
// With a Blender it mixes their images instead, before the backbone, which may be any: with augment.CutMix that is CMO
// (arXiv 2112.00412).
type Partner struct {
	Sampler sampler.Sampler
	// Blender blends the partner's image into the sample's own, so that an image passes the backbone and the partner's does not;
	// nil: features are mixed.
	Blender augment.PairBlender
	// Weight is α, the share of the stream's own sample, in [0, 1]. nil means schedule.Curriculum{}, which is BBN's: from
	// 1 to nearly 0, so that the samples of Sampler count last. With a Blender, which has shares of its own, α is the
	// probability that a batch stays as it is, and nil means 0.
	Weight schedule.Scheduler
}

// Share returns α.
func (p *Partner) Share(at schedule.Progress) float64 {
	switch {
	case p.Weight != nil:
		return p.Weight.At(at)
	case p.Blender != nil:
		return 0
	}
	return schedule.Curriculum{}.At(at)
}
