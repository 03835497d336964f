// Package batch lays out what a step computes at once, and makes it: the rows of all streams, their views and partners.
//
// Randomness is keyed by seed, stream, epoch, position and view, so what a row holds depends on the plan and its number alone,
// whoever makes it. A Plan is a prefetch.Source.
package batch

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
)

// Batch is what is computed at once: the rows of all streams, one stream after the other.
type Batch struct {
	Images *tensor.Tensor // [R, H, W, C], normalised; [R, D] of features
	Parts  []*Rows
}

// row is the memory of row i.
func (b *Batch) row(i int) []float32 {
	width := b.Images.Shape()[1:].Len()
	return b.Images.Data()[i*width:][:width:width]
}

// Plan says what the batches of an epoch hold.
type Plan struct {
	Network  *hybrid.Network
	Data     dataset.Dataset
	Streams  hybrid.Streams
	Orders   [][]int   // of each stream: the sample indices of the epoch
	Partners [][]int   // and those of their partners; nil where there are none
	Samples  int       // of a stream in a batch, here
	All      int       // and on all ranks
	First    int       // and on the ranks before this one
	Whole    []float64 // of each stream: the probability that a batch is not blended with its partners
	Seed     uint64
	Epoch    int
}

// Scratch is what a goroutine that fills batches keeps from image to image.
type Scratch struct {
	source, view dataset.Image
	vector       []float32 // a sample of features
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
	b.Images = tensor.New(p.Network.Input().Batch(n)...)
	return b
}

func (p *Plan) Worker() *Scratch {
	w := &Scratch{vector: make([]float32, p.Network.Input().Features)}
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
		at := augment.Key{Seed: p.Seed, Stream: i, Epoch: p.Epoch, Position: n*p.All + p.First + k}
		if err := p.draw(w, b, at, p.Orders[i], part.Labels, from+k, k); err != nil || p.Partners[i] == nil {
			return err
		}
		at.View = part.Views // tells the random keys of partners from those of samples
		return p.draw(w, b, at, p.Partners[i], part.Mix.Labels, to+k, k)
	})
}

// draw fills the rows of one sample of order, the first of which is row, with all views, and from k on its labels.
func (p *Plan) draw(w *Scratch, b *Batch, at augment.Key, order, labels []int, row, k int) (err error) {
	sample := order[at.Position]
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *dataset.ShapeError: // a data set or a transform may ask for a shape that there is not
			err = p
		default:
			panic(p)
		}
		if err == nil {
			return
		}
		name := dataset.NameOf(p.Data, sample)
		if len(w.vector) > 0 {
			name = fmt.Sprintf("sample %d", sample)
		}
		if path := dataset.PathOf(p.Data, sample); path == "" || !strings.Contains(err.Error(), path) {
			err = fmt.Errorf("train: training %s: %w", name, err)
		}
	}()
	if err := p.read(w, sample); err != nil {
		return err
	}
	label := p.Data.Label(sample)
	for _, transform := range p.Streams[at.Stream].Transforms() {
		labels[k] = label
		at.Reseed(&w.pcg)
		if err := p.write(w, b.row(row), transform); err != nil {
			return err
		}
		at.View, row, k = at.View+1, row+p.Samples, k+p.Samples
	}
	return nil
}

// read reads a sample: the pixels of an image, or a vector of features, which it normalises.
func (p *Plan) read(w *Scratch, sample int) error {
	if len(w.vector) > 0 {
		if err := p.Data.(dataset.Features).Vector(sample, w.vector); err != nil {
			return err
		}
		return p.Network.NormalizeFeatures(w.vector)
	}
	if err := p.Data.Image(sample, &w.source); err != nil {
		return err
	}
	return w.source.Check()
}

// write puts a view of the sample that was read into a row of the batch.
func (p *Plan) write(w *Scratch, row []float32, view augment.Transform) error {
	if len(w.vector) > 0 {
		copy(row, w.vector)
		view.(augment.FeatureTransform).ApplyFeatures(row, w.rng) // as the trainer has checked
		return nil
	}
	w.view.Resize(w.source.Shape())
	copy(w.view.Pix, w.source.Pix)
	view.Apply(&w.view, w.rng)
	return p.Network.Write(row, &w.view)
}

// Finish blends the rows of the streams that have a mixer, or partners for their images.
func (p *Plan) Finish(b *Batch, n int) error {
	return tensor.Try(func() error {
		for i, s := range p.Streams {
			part := b.Parts[i]
			rng := augment.Key{Seed: p.Seed, Stream: i, Epoch: p.Epoch, Position: n, View: -1}.Rand()
			if s.Partner != nil && s.Partner.Blender != nil {
				if err := part.blend(b.Images, p.Whole[i], rng); err != nil {
					return fmt.Errorf("train: Partner of stream %d: %w", i, err)
				}
			}
			if s.Mixer == nil {
				continue
			}
			m := s.Mixer.Mix(b.Images.Rows(part.Own()), part.Labels, part.Views, rng)
			if m != nil && (len(m.Labels) != len(part.Labels) || len(m.Weight) != len(part.Labels)) {
				return fmt.Errorf("train: the mixer of stream %d returned %d labels and %d weights for %d rows", i, len(m.Labels), len(m.Weight), len(part.Labels))
			}
			part.Mix = m
		}
		return nil
	})
}

// blend blends the samples' images with those of their partners, each view by itself, but for a share of all batches.
func (r *Rows) blend(images *tensor.Tensor, whole float64, rng *rand.Rand) error {
	own, others := images.Rows(r.Own()), images.Rows(r.Partners())
	acts := rng.Float64() >= whole
	for v := range r.Views {
		from, to := v*r.Samples, (v+1)*r.Samples
		weight := 1.0
		if acts {
			var err error
			if weight, err = r.Stream.Partner.Blender.BlendWith(hybrid.Blendable(own.Rows(from, to)), hybrid.Blendable(others.Rows(from, to)), rng); err != nil {
				return err
			}
		}
		for i := from; i < to; i++ {
			r.Mix.Weight[i] = float32(weight)
		}
	}
	return nil
}
