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
}

// scratch is what a goroutine that fills batches keeps from image to image.
type scratch struct {
	source, view dataset.Image
	pcg          rand.PCG
	rng          *rand.Rand // of pcg
}

// The methods of plan make it a prefetch.Source, to which a sample of a stream is a row: all of its views, and those of its
// partner. What they write depends on nothing but the plan and their numbers.

func (p *plan) New() *batch {
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

func (p *plan) Worker() *scratch {
	w := &scratch{}
	w.rng = rand.New(&w.pcg)
	return w
}

func (p *plan) Rows(int) int { return len(p.streams) * p.samples }

// Fill makes the rows of a sample.
func (p *plan) Fill(w *scratch, b *batch, n, sample int) error {
	return tensor.Try(func() error {
		i, k := sample/p.samples, sample%p.samples
		part := b.parts[i]
		from, to := part.own()
		at := augment.Key{Seed: p.seed, Stream: i, Epoch: p.epoch, Position: n*p.samples + k}
		if err := p.draw(w, b, at, p.orders[i], part.labels, from+k); err != nil || p.partners[i] == nil {
			return err
		}
		at.View = part.views // tells the random keys of partners from those of samples
		return p.draw(w, b, at, p.partners[i], part.mix.Labels, to+k)
	})
}

// draw fills the rows of one sample of order, the first of which is row, with all views.
func (p *plan) draw(w *scratch, b *batch, at augment.Key, order, labels []int, row int) error {
	sample := order[at.Position]
	if err := p.train.Image(sample, &w.source); err != nil {
		return err
	}
	if err := w.source.Check(); err != nil {
		return fmt.Errorf("train: training image %d: %w", sample, err)
	}
	label, k := p.train.Label(sample), at.Position%p.samples
	for _, transform := range p.streams[at.Stream].Transforms() {
		labels[k] = label
		w.view.Resize(w.source.Shape())
		copy(w.view.Pix, w.source.Pix)
		at.Reseed(&w.pcg)
		transform.Apply(&w.view, w.rng)
		if err := p.network.Write(b.images.Rows(row, row+1).Data(), &w.view); err != nil {
			return fmt.Errorf("train: training image %d: %w", sample, err)
		}
		at.View, row, k = at.View+1, row+p.samples, k+p.samples
	}
	return nil
}

// Finish blends the rows of the streams that have a mixer.
func (p *plan) Finish(b *batch, n int) error {
	return tensor.Try(func() error {
		for i, s := range p.streams {
			if s.Mixer == nil {
				continue
			}
			part := b.parts[i]
			rng := augment.Key{Seed: p.seed, Stream: i, Epoch: p.epoch, Position: n, View: -1}.Rand()
			m := s.Mixer.Mix(b.images.Rows(part.own()), part.labels, part.views, rng)
			if m != nil && (len(m.Labels) != len(part.labels) || len(m.Weight) != len(part.labels)) {
				return fmt.Errorf("train: the mixer of stream %d returned %d labels and %d weights for %d rows", i, len(m.Labels), len(m.Weight), len(part.labels))
			}
			part.mix = m
		}
		return nil
	})
}
