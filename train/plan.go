package train

import (
	"fmt"
	"time"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

// plan draws the samples of the epoch and learns how many steps they make.
func (r *run) plan() (*batch.Plan, error) {
	p := &batch.Plan{Network: r.network, Data: r.train, Streams: r.Streams, All: r.Batch, Seed: r.Seed, Epoch: r.at.Epoch}
	first, behind := distributed.Shard(r.Batch, r.ranks.Rank(), r.ranks.Size())
	p.First, p.Samples = first, behind-first
	r.at.Steps = 0
	at, drawn := r.at, 0
	at.Step = 0 // an epoch gone on with has the samples it began with
	each := r.Batch * r.Accumulate
	for i, s := range r.Streams {
		epoch := r.samplerPlan(i, r.network.Classes(), at)
		order, err := r.draw(s.Sampler, epoch)
		if err != nil {
			return nil, fmt.Errorf("train: stream %d: %w", i, err)
		}
		images, whole := len(order), 0.0
		var partners []int
		if s.Partner != nil {
			epoch.Seed += partnerSeed
			if partners, err = r.draw(s.Partner.Sampler, epoch); err != nil {
				return nil, fmt.Errorf("train: stream %d: Partner: %w", i, err)
			}
			images = min(images, len(partners))
			if whole, err = share(s.Partner, at); err != nil {
				return nil, fmt.Errorf("train: stream %d: %w", i, err)
			}
		}
		drawn += len(order)
		n := images / each
		if n == 0 {
			return nil, fmt.Errorf("train: stream %d: a batch of %d is larger than the %d images of an epoch: choose a smaller batch", i, each, images)
		}
		if i == 0 || n < r.at.Steps {
			r.at.Steps = n
		}
		p.Orders, p.Partners, p.Whole = append(p.Orders, order), append(p.Partners, partners), append(p.Whole, whole)
	}
	r.epoch.Dropped = drawn - len(r.Streams)*r.at.Steps*each
	if r.LimitSteps > 0 {
		r.at.Steps = min(r.at.Steps, r.LimitSteps)
	}
	r.epoch.Epoch, r.last = r.at.Epoch, time.Now()
	return p, nil
}

// partnerSeed added to the seed of a stream is that of its partner.
const partnerSeed = 1 << 63

// samplerPlan is what the sampler of a stream is given: a seed for each stream, so that two with one sampler see different
// images.
func (t Trainer) samplerPlan(stream, classes int, at schedule.Progress) sampler.Plan {
	return sampler.Plan{At: at, Classes: classes, Batch: t.Batch * t.Accumulate, Seed: t.Seed + uint64(stream)<<32}
}

// countSteps counts the steps of the epochs that are done, those left out included.
func (r *run) countSteps() {
	r.number = 0
	for _, e := range r.result.Epochs {
		r.number += e.Steps + e.NonFinite
	}
}

// draw asks a sampler for the samples of the epoch.
func (r *run) draw(s sampler.Sampler, p sampler.Plan) ([]int, error) {
	order, err := s.Epoch(r.labels, p)
	for _, sample := range order {
		if err == nil && (sample < 0 || sample >= len(r.labels)) {
			err = fmt.Errorf("the sampler drew image %d of %d", sample, len(r.labels))
		}
	}
	return order, err
}
