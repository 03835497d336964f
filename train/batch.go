package train

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/tensor"
)

// batch is what is computed at once: the rows of all streams, one stream after the other.
type batch struct {
	images *tensor.Tensor // [R, H, W, C], normalised
	parts  []*rows

	err      error
	panicked any // of a transform or mixer, to be raised where the caller can recover it
	source   dataset.Image
	view     dataset.Image
	pcg      rand.PCG
}

func (p *plan) newBatch() *batch {
	b := &batch{}
	n := 0
	for _, s := range p.streams {
		part := newRows(s, p.samples, n)
		b.parts = append(b.parts, part)
		n = part.to()
	}
	in := p.network.Input()
	b.images = tensor.New(n, in.Height, in.Width, in.Channels)
	return b
}

// fill makes batch n of the epoch. It depends on nothing but the plan and n.
func (p *plan) fill(b *batch, n int) error {
	rng := rand.New(&b.pcg)
	for i, s := range p.streams {
		part := b.parts[i]
		from, to := part.own()
		if err := p.draw(b, n, i, p.orders[i], part.labels, from, 0); err != nil {
			return err
		}
		if s.Partner != nil {
			if err := p.draw(b, n, i, p.partners[i], part.mix.Labels, to, part.views); err != nil {
				return err
			}
		}
		if s.Mixer != nil {
			augment.Key{Seed: p.seed, Stream: i, Epoch: p.epoch, Position: n, View: -1}.Reseed(&b.pcg)
			part.mix = s.Mixer.Mix(b.images.Rows(from, to), part.labels, part.views, rng)
			if m := part.mix; m != nil && (len(m.Labels) != len(part.labels) || len(m.Weight) != len(part.labels)) {
				return fmt.Errorf("train: the mixer of stream %d returned %d labels and %d weights for %d rows", i, len(m.Labels), len(m.Weight), len(part.labels))
			}
		}
	}
	return nil
}

// draw fills rows of stream i, from a row on, with the views of the n-th samples of order. shift separates the random keys
// of partners from those of samples.
func (p *plan) draw(b *batch, n, i int, order, labels []int, from, shift int) error {
	rng := rand.New(&b.pcg)
	for k := range p.samples {
		position := n*p.samples + k
		sample := order[position]
		if err := p.train.Image(sample, &b.source); err != nil {
			return err
		}
		if err := b.source.Check(); err != nil {
			return fmt.Errorf("train: training image %d: %w", sample, err)
		}
		label := p.train.Label(sample)
		for v, transform := range p.streams[i].Transforms() {
			row := v*p.samples + k
			labels[row] = label
			b.view.Resize(b.source.Width, b.source.Height, b.source.Channels)
			copy(b.view.Pix, b.source.Pix)
			augment.Key{Seed: p.seed, Stream: i, Epoch: p.epoch, Position: position, View: v + shift}.Reseed(&b.pcg)
			transform.Apply(&b.view, rng)
			if err := p.network.Write(b.images.Rows(from+row, from+row+1).Data(), &b.view); err != nil {
				return fmt.Errorf("train: training image %d: %w", sample, err)
			}
		}
	}
	return nil
}
