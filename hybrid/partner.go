package hybrid

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
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
type Partner struct {
	Sampler sampler.Sampler
	// Weight is α, the share of the stream's own sample, in [0, 1]. nil means schedule.Curriculum{}, which is BBN's: from
	// 1 to nearly 0, so that the samples of Sampler count last.
	Weight schedule.Scheduler
}

// weight returns α.
func (p *Partner) weight(at schedule.Progress) (float64, error) {
	var s schedule.Scheduler = schedule.Curriculum{}
	if p.Weight != nil {
		s = p.Weight
	}
	alpha := s.At(at)
	if !(alpha >= 0 && alpha <= 1) {
		return 0, fmt.Errorf("the weight of Partner is %v: its schedule must stay in [0, 1]", alpha)
	}
	return alpha, nil
}

// checkPartner says why a stream's samples cannot have partners for so many epochs.
func (s Stream) checkPartner(n *Network, epochs int) error {
	if s.Partner == nil {
		return nil
	}
	if s.Partner.Sampler == nil {
		return fmt.Errorf("Partner.Sampler is nil: BBN uses sampler.Reversed{}")
	}
	if s.Partner.Weight != nil {
		if err := schedule.Validate(s.Partner.Weight); err != nil {
			return fmt.Errorf("the weight of Partner: %w", err)
		}
	}
	for epoch := range epochs {
		if _, err := s.Partner.weight(schedule.Progress{Epoch: epoch, Epochs: epochs, Steps: 1}); err != nil {
			return fmt.Errorf("%w; it is not in epoch %d", err, epoch)
		}
	}
	if b, ok := n.Backbone.(backbone.Branched); !ok || b.Branches() != 2 {
		return fmt.Errorf("Partner needs a backbone of two branches, such as a backbone.ResNet with ResNetSettings.Branches 2")
	}
	if s.Mixer != nil {
		return fmt.Errorf("Partner and Mixer are both set: a row can be mixed once")
	}
	if len(s.keyViews()) > 0 {
		return fmt.Errorf("Partner and KeyViews are both set: a key is of one image")
	}
	return nil
}

// mixed returns the mixed features of the samples of a stream and their partners, and writes α into the part.
func (r *run) mixed(s Stream, b *batch, p *part) (*autograd.Var, error) {
	alpha, err := s.Partner.weight(r.at)
	if err != nil {
		return nil, err
	}
	for i := range p.mix.Weight {
		p.mix.Weight[i] = float32(alpha)
	}
	body, samples, seen := r.network.Backbone.(backbone.Branched), len(p.labels)/p.views, s.seen()
	own, partners := b.images.Rows(p.from, p.from+len(p.labels)), b.images.Rows(p.from+len(p.labels), p.to)
	f := body.Branch(0, r.tape.Const(gather(r.tape, own, samples, seen)))
	g := body.Branch(1, r.tape.Const(gather(r.tape, partners, samples, seen)))
	return autograd.Columns(autograd.Scale(f, alpha), autograd.Scale(g, 1-alpha)), nil
}
