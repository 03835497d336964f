package hybrid

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// batch is what is computed at once: the rows of all streams, one stream after the other.
type batch struct {
	images *tensor.Tensor // [R, H, W, C], normalised
	parts  []part

	err      error
	panicked any // of a transform or mixer, to be raised where the caller can recover it
	source   dataset.Image
	view     dataset.Image
	pcg      rand.PCG
}

// part is the rows of one stream.
type part struct {
	from, to int // rows of images: the samples', and then those of their partners
	labels   []int
	views    int
	mix      *loss.Mix // of a Mixer or of Partner
}

func (p *plan) newBatch() *batch {
	b := &batch{}
	rows := 0
	for _, s := range p.streams {
		views := len(s.views())
		n := views * p.samples
		part := part{from: rows, to: rows + n, views: views, labels: make([]int, n)}
		if s.Partner != nil {
			part.to += n
			part.mix = &loss.Mix{Labels: make([]int, n), Weight: make([]float32, n)}
		}
		b.parts = append(b.parts, part)
		rows = part.to
	}
	b.images = tensor.New(rows, p.network.height, p.network.width, p.network.channels)
	return b
}

// fill makes batch n of the epoch. It depends on nothing but the plan and n.
func (p *plan) fill(b *batch, n int) error {
	rng := rand.New(&b.pcg)
	for i, s := range p.streams {
		part := &b.parts[i]
		if err := p.draw(b, n, i, p.orders[i], part.labels, part.from, 0); err != nil {
			return err
		}
		if s.Partner != nil {
			if err := p.draw(b, n, i, p.partners[i], part.mix.Labels, part.from+len(part.labels), part.views); err != nil {
				return err
			}
		}
		if s.Mixer != nil {
			augment.Key{Seed: p.seed, Stream: i, Epoch: p.epoch, Position: n, View: -1}.Reseed(&b.pcg)
			part.mix = s.Mixer.Mix(b.images.Rows(part.from, part.to), part.labels, part.views, rng)
			if m := part.mix; m != nil && (len(m.Labels) != len(part.labels) || len(m.Weight) != len(part.labels)) {
				return fmt.Errorf("hybrid: the mixer of stream %d returned %d labels and %d weights for %d rows", i, len(m.Labels), len(m.Weight), len(part.labels))
			}
		}
	}
	return nil
}

// draw writes the views of stream i of the n-th samples of order to the rows of images that begin at from. The randomness
// of a view is that of its number plus shift.
func (p *plan) draw(b *batch, n, i int, order, labels []int, from, shift int) error {
	rng := rand.New(&b.pcg)
	for k := range p.samples {
		position := n*p.samples + k
		sample := order[position]
		if err := p.train.Image(sample, &b.source); err != nil {
			return err
		}
		if err := checkImage(&b.source); err != nil {
			return fmt.Errorf("hybrid: training image %d: %w", sample, err)
		}
		label := p.train.Label(sample)
		for v, transform := range p.streams[i].views() {
			row := v*p.samples + k
			labels[row] = label
			b.view.Resize(b.source.Width, b.source.Height, b.source.Channels)
			copy(b.view.Pix, b.source.Pix)
			augment.Key{Seed: p.seed, Stream: i, Epoch: p.epoch, Position: position, View: v + shift}.Reseed(&b.pcg)
			transform.Apply(&b.view, rng)
			if err := p.network.write(b.images.Rows(from+row, from+row+1).Data(), &b.view); err != nil {
				return fmt.Errorf("hybrid: training image %d: %w", sample, err)
			}
		}
	}
	return nil
}

// checkImage finds images whose pixels do not fill their shape.
func checkImage(img *dataset.Image) error {
	if img == nil {
		return fmt.Errorf("is nil")
	}
	if len(img.Pix) != img.Width*img.Height*img.Channels {
		return fmt.Errorf("has %d bytes of pixels, %s takes %d", len(img.Pix), img.Shape(), img.Width*img.Height*img.Channels)
	}
	return nil
}

// write normalises the pixels of an image of the network's size.
func (n *Network) write(dst []float32, img *dataset.Image) error {
	if err := checkImage(img); err != nil {
		return err
	}
	if img.Height != n.height || img.Width != n.width || img.Channels != n.channels {
		want := dataset.Image{Width: n.width, Height: n.height, Channels: n.channels}
		return fmt.Errorf("is %s (width×height×channels), the network takes %s: resize it or use hybrid.WithInput", img.Shape(), want.Shape())
	}
	return n.pixels.Write(dst, img)
}
