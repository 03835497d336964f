package hybrid

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Predictor predicts with the weights a network had when it was frozen, whatever becomes of the network. Many goroutines
// may use it at once.
type Predictor struct {
	network *Network
	mode    autograd.Mode
	tta     TTA
	tapes   sync.Pool
}

// Freeze copies the weights and running statistics into a Predictor. It is an error if one of them is not finite.
func (n *Network) Freeze() (*Predictor, error) { return n.FreezeWith(nil) }

// FreezeWith is Freeze with the values of w, such as Result.EMA, in place of the network's own.
func (n *Network) FreezeWith(w *autograd.Weights) (*Predictor, error) {
	frozen := autograd.Snapshot(nn.Tensors(n)...)
	if err := checkFinite(n.With(w)); err != nil {
		return nil, fmt.Errorf("hybrid: %w: the network cannot predict", err)
	}
	for _, x := range nn.Tensors(n) {
		if held := w.Of(x); held != nil {
			copy(frozen.Of(x).Data(), held.Data())
		}
	}
	frozen.Fix()
	parts := *n // a part replaced later is not the predictor's
	return newPredictor(&parts, autograd.Mode{NoGrad: true, Weights: frozen}, NoTTA), nil
}

func newPredictor(n *Network, mode autograd.Mode, tta TTA) *Predictor {
	p := &Predictor{network: n, mode: mode, tta: tta}
	p.tapes.New = func() any { return autograd.NewTape(mode) }
	return p
}

// WithTTA returns a Predictor of the same weights whose Predict, Classify and Evaluate average over several views of an image.
func (p *Predictor) WithTTA(tta TTA) (*Predictor, error) {
	if err := p.network.checkTTA(tta); err != nil {
		return nil, err
	}
	return newPredictor(p.network, p.mode, tta), nil
}

// Predict classifies images, in the order given. They have the network's size, or any if it was made WithResize.
func (p *Predictor) Predict(images ...*dataset.Image) ([]Prediction, error) {
	logits, err := p.ofImages(images, p.tta, p.network.Forward)
	if err != nil {
		return nil, err
	}
	return predictions(logits, p.tta.views(), p.network.classes), nil
}

// Embed returns the unit embeddings [R, D] of images, of one view each.
func (p *Predictor) Embed(images ...*dataset.Image) (*tensor.Tensor, error) {
	return p.ofImages(images, NoTTA, func(v *autograd.Var) *autograd.Var { return p.network.Embed(p.network.Features(v)) })
}

// PredictFeatures classifies features of the network's width, see WithFeatures, in the order given. They are not normalised
// yet.
func (p *Predictor) PredictFeatures(features ...[]float32) ([]Prediction, error) {
	if p.network.input.Features == 0 {
		return nil, fmt.Errorf("hybrid: the network takes images of %s, not features: use Predict", p.network.input)
	}
	logits, err := p.ofSamples(len(features), 1, p.network.Forward, func(i int, _ *viewer, x *tensor.Tensor) error {
		name := fmt.Sprintf("sample %d", i)
		if len(features[i]) == len(x.Data()) {
			copy(x.Data(), features[i])
			return sampleError(name, p.network.NormalizeFeatures(x.Data()))
		}
		return sampleError(name, p.network.NormalizeFeatures(features[i])) // says what is wrong
	})
	if err != nil {
		return nil, err
	}
	return predictions(logits, 1, p.network.classes), nil
}

// Logits returns the logits [R, C] of normalised images [R, H, W, C], or features [R, D]. Images of another size are an
// error, and so is a value that is not finite, whose place the error names.
func (p *Predictor) Logits(images *tensor.Tensor) (*tensor.Tensor, error) {
	if images == nil {
		return nil, fmt.Errorf("hybrid: the images are nil")
	}
	n, s := p.network, images.Shape()
	want := n.input.Batch(1)[1:]
	if len(s) != 1+len(want) || !s[1:].Equal(want) {
		return nil, fmt.Errorf("hybrid: images of shape %v: the network takes [R %s", s, strings.TrimPrefix(fmt.Sprint(want), "["))
	}
	if i := kernels.FirstNonFinite(images.Data()); i >= 0 {
		each := want.Len()
		return nil, fmt.Errorf("hybrid: image %d has the value %v at position %d: pixels must be finite", i/each, images.Data()[i], i%each)
	}
	return p.forward(s[0], 1, n.Forward, func(do func(int, *tensor.Tensor) error) error {
		for from := 0; from < s[0]; from += chunk {
			if err := do(from, images.Rows(from, min(s[0], from+chunk))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Evaluate predicts every image of data and counts. batch is how many images are predicted at once; 0 means 128.
func (p *Predictor) Evaluate(ctx context.Context, data dataset.Dataset, batch int) (*metrics.Confusion, error) {
	tape := p.tapes.Get().(*autograd.Tape)
	defer p.tapes.Put(tape)
	e := Evaluator{Batch: batch, Weights: p.mode.Weights, TTA: p.tta, tape: tape}
	return e.Confusion(ctx, p.network, data)
}

// chunk is how many images are computed at once, so that any number fits into memory.
const chunk = 128

// ofImages computes f for the views of images.
func (p *Predictor) ofImages(images []*dataset.Image, tta TTA, f func(*autograd.Var) *autograd.Var) (*tensor.Tensor, error) {
	return p.ofSamples(len(images), tta.views(), f, func(i int, w *viewer, x *tensor.Tensor) error {
		if p.network.input.Features > 0 {
			return sampleError(fmt.Sprintf("image %d", i), fmt.Errorf("the network takes %s, not images: use PredictFeatures", p.network.input))
		}
		return sampleError(fmt.Sprintf("image %d", i), p.network.writeViews(x, images[i], tta, w))
	})
}

// ofSamples computes f for n samples with so many views each, of which write writes the network's numbers.
func (p *Predictor) ofSamples(n, views int, f func(*autograd.Var) *autograd.Var, write func(i int, w *viewer, x *tensor.Tensor) error) (*tensor.Tensor, error) {
	source := &ahead{network: p.network, views: views, images: n, batch: max(1, chunk/views), write: write}
	return p.forward(n, views, f, func(do func(int, *tensor.Tensor) error) error { return source.each(context.Background(), 0, do) })
}

// forward computes f for the batches that each gives, of total images together, with so many views each.
func (p *Predictor) forward(total, views int, f func(*autograd.Var) *autograd.Var, each func(do func(from int, x *tensor.Tensor) error) error) (*tensor.Tensor, error) {
	tape := p.tapes.Get().(*autograd.Tape)
	defer p.tapes.Put(tape)
	var y *tensor.Tensor
	do := func(from int, x *tensor.Tensor) error {
		return tensor.Try(func() error {
			tape.Reset(p.mode)
			part := f(tape.Const(x)).Value()
			if y == nil {
				y = tensor.New(total*views, part.Dim(1))
			}
			copy(y.Rows(from*views, from*views+x.Dim(0)).Data(), part.Data())
			return nil
		})
	}
	err := each(do)
	if err == nil && y == nil { // no images, whose results have a width all the same
		err = do(0, tensor.New(p.network.input.Batch(0)...))
	}
	if err != nil {
		return nil, err
	}
	if i := kernels.FirstNonFinite(y.Data()); i >= 0 {
		return nil, fmt.Errorf("hybrid: the network gives %v for image %d: its weights are too large for float32", y.Data()[i], i/y.Dim(1)/views)
	}
	return y, nil
}
