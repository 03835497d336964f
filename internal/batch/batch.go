// Package batch lays out what a step computes at once, and makes it: the rows of all streams, their views and partners.
//
// Randomness is keyed by seed, stream, epoch, position and view, so what a row holds depends on the plan and its number alone,
// whoever makes it. A Plan is a prefetch.Source.
package batch

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
)

// Batch is what is computed at once: the rows of all streams, one stream after the other.
type Batch struct {
	Images *tensor.Tensor // [R, H, W, C], normalised
	Parts  []*Rows
}

// Plan says what the batches of an epoch hold.
type Plan struct {
	Network  *hybrid.Network
	Data     dataset.Dataset
	Streams  hybrid.Streams
	Orders   [][]int // of each stream: the sample indices of the epoch
	Partners [][]int // and those of their partners; nil where there are none
	Samples  int     // of a stream in a batch
	Seed     uint64
	Epoch    int
}

// Scratch is what a goroutine that fills batches keeps from image to image.
type Scratch struct {
	source, view dataset.Image
	pcg          rand.PCG
	rng          *rand.Rand // of pcg
}

// The methods of Plan make it a prefetch.Source, to which a sample of a stream is a row: all of its views, and those of its
// partner. What they write depends on nothing but the plan and their numbers.

func (p *Plan) New() *Batch {
	b := &Batch{}
	n := 0
	for _, s := range p.Streams {
		part := NewRows(s, p.Samples, n)
		b.Parts = append(b.Parts, part)
		n = part.To()
	}
	in := p.Network.Input()
	b.Images = tensor.New(n, in.Height, in.Width, in.Channels)
	return b
}

func (p *Plan) Worker() *Scratch {
	w := &Scratch{}
	w.rng = rand.New(&w.pcg)
	return w
}

func (p *Plan) Rows(int) int { return len(p.Streams) * p.Samples }

// Fill makes the rows of a sample.
func (p *Plan) Fill(w *Scratch, b *Batch, n, sample int) error {
	return tensor.Try(func() error {
		i, k := sample/p.Samples, sample%p.Samples
		part := b.Parts[i]
		from, to := part.Own()
		at := augment.Key{Seed: p.Seed, Stream: i, Epoch: p.Epoch, Position: n*p.Samples + k}
		if err := p.draw(w, b, at, p.Orders[i], part.Labels, from+k); err != nil || p.Partners[i] == nil {
			return err
		}
		at.View = part.Views // tells the random keys of partners from those of samples
		return p.draw(w, b, at, p.Partners[i], part.Mix.Labels, to+k)
	})
}

// draw fills the rows of one sample of order, the first of which is row, with all views.
func (p *Plan) draw(w *Scratch, b *Batch, at augment.Key, order, labels []int, row int) error {
	sample := order[at.Position]
	if err := p.Data.Image(sample, &w.source); err != nil {
		return err
	}
	if err := w.source.Check(); err != nil {
		return fmt.Errorf("train: training image %d: %w", sample, err)
	}
	label, k := p.Data.Label(sample), at.Position%p.Samples
	for _, transform := range p.Streams[at.Stream].Transforms() {
		labels[k] = label
		w.view.Resize(w.source.Shape())
		copy(w.view.Pix, w.source.Pix)
		at.Reseed(&w.pcg)
		transform.Apply(&w.view, w.rng)
		if err := p.Network.Write(b.Images.Rows(row, row+1).Data(), &w.view); err != nil {
			return fmt.Errorf("train: training image %d: %w", sample, err)
		}
		at.View, row, k = at.View+1, row+p.Samples, k+p.Samples
	}
	return nil
}

// Finish blends the rows of the streams that have a mixer.
func (p *Plan) Finish(b *Batch, n int) error {
	return tensor.Try(func() error {
		for i, s := range p.Streams {
			if s.Mixer == nil {
				continue
			}
			part := b.Parts[i]
			rng := augment.Key{Seed: p.Seed, Stream: i, Epoch: p.Epoch, Position: n, View: -1}.Rand()
			m := s.Mixer.Mix(b.Images.Rows(part.Own()), part.Labels, part.Views, rng)
			if m != nil && (len(m.Labels) != len(part.Labels) || len(m.Weight) != len(part.Labels)) {
				return fmt.Errorf("train: the mixer of stream %d returned %d labels and %d weights for %d rows", i, len(m.Labels), len(m.Weight), len(part.Labels))
			}
			part.Mix = m
		}
		return nil
	})
}
