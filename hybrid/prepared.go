package hybrid

import (
	"context"
	"fmt"
	"image"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Input is the size of the images, or the width of the features, that the network takes.
func (p *Predictor) Input() Input { return p.network.input }

// EmbeddingDim is the width of what EmbedPrepared returns.
func (p *Predictor) EmbeddingDim() int {
	if p.network.Projection == nil {
		return p.network.Backbone.OutDim()
	}
	return p.network.embeddingDim
}

// About is what the predictor knows of its classes and pictures, see WithAbout. The zero About: nothing.
func (p *Predictor) About() About {
	if p.network.about == nil {
		return About{}
	}
	return *p.network.about.clone()
}

// Prepare makes of a picture what the network sees of it: normalised values [V, H, W, C], where V is 1, or the views of
// test-time augmentation. A server prepares pictures as they come and computes them together: ClassifyPrepared gives the bits
// that Classify gives, whatever is computed beside a picture.
func (p *Predictor) Prepare(picture image.Image) (*tensor.Tensor, error) {
	if err := p.checkTakesPictures(); err != nil {
		return nil, err
	}
	var fit dataset.Fit
	if p.network.about != nil {
		fit = p.network.about.Fit
	}
	w := &viewer{}
	if err := dataset.Convert(picture, p.network.Scale(fit), &w.source); err != nil {
		return nil, fmt.Errorf("hybrid: %w", err)
	}
	x := tensor.New(p.network.input.Batch(p.tta.views())...)
	if err := p.network.writeViews(x, &w.source, p.tta, w); err != nil {
		return nil, sampleError("the picture", err)
	}
	return x, nil
}

// ClassifyPrepared is ClassifyAll for pictures that Prepare of a predictor like this one made.
func (p *Predictor) ClassifyPrepared(pictures ...*tensor.Tensor) ([]Classification, error) {
	if err := p.checkNames(); err != nil {
		return nil, err
	}
	logits, err := p.ofPrepared(pictures, p.tta, p.network.Forward)
	if err != nil {
		return nil, err
	}
	return p.rank(predictions(logits, p.tta.views(), p.network.classes)), nil
}

// EmbedPrepared returns unit vectors [R, D] of pictures that Prepare made of one view each: their embeddings, or, of a network
// without a projection head, the backbone's features scaled to length one.
func (p *Predictor) EmbedPrepared(pictures ...*tensor.Tensor) (*tensor.Tensor, error) {
	return p.ofPrepared(pictures, NoTTA, p.unit)
}

// EmbedAll is EmbedPrepared for every sample of data, in order: images of the network's size, or any if it was made WithResize, or
// features.
func (p *Predictor) EmbedAll(ctx context.Context, data dataset.Dataset) (*tensor.Tensor, error) {
	n := p.network
	if is := dataset.WidthOf(data); is != n.input.Features {
		return nil, fmt.Errorf("hybrid: the network takes %s, and the data are of another kind or width", n.input)
	}
	source := &ahead{network: n, views: 1, images: data.Len(), batch: chunk, write: n.reading(data, NoTTA)}
	return p.forward(data.Len(), 1, p.unit, func(do func(int, *tensor.Tensor) error) error { return source.each(ctx, 0, do) })
}

func (p *Predictor) unit(images *autograd.Var) *autograd.Var {
	f := p.network.Features(images)
	if p.network.Projection == nil {
		return nn.L2Normalize(f)
	}
	return p.network.Embed(f)
}

func (p *Predictor) ofPrepared(pictures []*tensor.Tensor, tta TTA, f func(*autograd.Var) *autograd.Var) (*tensor.Tensor, error) {
	want := p.network.input.Batch(tta.views())
	for i, x := range pictures {
		if x == nil || !x.Shape().Equal(want) {
			return nil, fmt.Errorf("hybrid: picture %d is not of shape %v, which Predictor.Prepare makes", i, want)
		}
	}
	return p.ofSamples(len(pictures), tta.views(), f, func(i int, _ *viewer, x *tensor.Tensor) error {
		copy(x.Data(), pictures[i].Data())
		return nil
	})
}
