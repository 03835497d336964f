package hybrid

import (
	"fmt"
	"image"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/tensor"
)

// Input is the size of the images, or the width of the features, that the network takes.
func (p *Predictor) Input() Input { return p.network.input }

// EmbeddingDim is the width of the embedding, 0 without a projection head.
func (p *Predictor) EmbeddingDim() int { return p.network.embeddingDim }

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

// EmbedPrepared returns the unit embeddings [R, D] of pictures that Prepare made of one view each.
func (p *Predictor) EmbedPrepared(pictures ...*tensor.Tensor) (*tensor.Tensor, error) {
	return p.ofPrepared(pictures, NoTTA, func(v *autograd.Var) *autograd.Var { return p.network.Embed(p.network.Features(v)) })
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
