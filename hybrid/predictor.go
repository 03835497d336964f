package hybrid

import (
	"context"
	"fmt"
	"math"
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
	tapes   sync.Pool
}

// Prediction is what a Predictor says of one image.
type Prediction struct {
	Class         int
	Probability   float64   // of Class
	Probabilities []float64 // of all classes, summing to 1
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
	return newPredictor(&parts, autograd.Mode{NoGrad: true, Weights: frozen}), nil
}

func newPredictor(n *Network, mode autograd.Mode) *Predictor {
	p := &Predictor{network: n, mode: mode}
	p.tapes.New = func() any { return autograd.NewTape(mode) }
	return p
}

// Predict classifies images of the network's size, in the order given.
func (p *Predictor) Predict(images ...*dataset.Image) ([]Prediction, error) {
	logits, err := p.ofImages(images, p.network.Forward)
	if err != nil {
		return nil, err
	}
	return predictions(logits), nil
}

// Embed returns the unit embeddings [R, D] of images of the network's size.
func (p *Predictor) Embed(images ...*dataset.Image) (*tensor.Tensor, error) {
	return p.ofImages(images, func(v *autograd.Var) *autograd.Var { return p.network.Embed(p.network.Features(v)) })
}

// PredictFeatures classifies features of the network's width, see WithFeatures, in the order given. They are not normalised
// yet.
func (p *Predictor) PredictFeatures(features ...[]float32) ([]Prediction, error) {
	if p.network.input.Features == 0 {
		return nil, fmt.Errorf("hybrid: the network takes images of %s, not features: use Predict", p.network.input)
	}
	logits, err := p.ofSamples(len(features), p.network.Forward, func(i int, _ *dataset.Image, dst []float32) error {
		if len(features[i]) == len(dst) {
			copy(dst, features[i])
			return sampleError("sample", i, p.network.NormalizeFeatures(dst))
		}
		return sampleError("sample", i, p.network.NormalizeFeatures(features[i])) // says what is wrong
	})
	if err != nil {
		return nil, err
	}
	return predictions(logits), nil
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
	return p.forward(s[0], n.Forward, func(do func(int, *tensor.Tensor) error) error {
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
	e := Evaluator{Batch: batch, Weights: p.mode.Weights, tape: tape}
	return e.Confusion(ctx, p.network, data)
}

// chunk is how many images are computed at once, so that any number fits into memory.
const chunk = 128

// ofImages computes f for images.
func (p *Predictor) ofImages(images []*dataset.Image, f func(*autograd.Var) *autograd.Var) (*tensor.Tensor, error) {
	return p.ofSamples(len(images), f, func(i int, _ *dataset.Image, dst []float32) error {
		if p.network.input.Features > 0 {
			return sampleError("image", i, fmt.Errorf("the network takes %s, not images: use PredictFeatures", p.network.input))
		}
		return sampleError("image", i, p.network.Write(dst, images[i]))
	})
}

// ofSamples computes f for n samples, of which write writes the network's numbers.
func (p *Predictor) ofSamples(n int, f func(*autograd.Var) *autograd.Var, write func(i int, room *dataset.Image, dst []float32) error) (*tensor.Tensor, error) {
	source := &ahead{network: p.network, images: n, batch: chunk, write: write}
	return p.forward(n, f, func(do func(int, *tensor.Tensor) error) error { return source.each(context.Background(), 0, do) })
}

// forward computes f for the batches that each gives, of total images together.
func (p *Predictor) forward(total int, f func(*autograd.Var) *autograd.Var, each func(do func(from int, x *tensor.Tensor) error) error) (*tensor.Tensor, error) {
	tape := p.tapes.Get().(*autograd.Tape)
	defer p.tapes.Put(tape)
	var y *tensor.Tensor
	do := func(from int, x *tensor.Tensor) error {
		return tensor.Try(func() error {
			tape.Reset(p.mode)
			part := f(tape.Const(x)).Value()
			if y == nil {
				y = tensor.New(total, part.Dim(1))
			}
			copy(y.Rows(from, from+x.Dim(0)).Data(), part.Data())
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
		return nil, fmt.Errorf("hybrid: the network gives %v for image %d: its weights are too large for float32", y.Data()[i], i/y.Dim(1))
	}
	return y, nil
}

// predictions turns rows of logits into predictions.
func predictions(logits *tensor.Tensor) []Prediction {
	all := make([]Prediction, logits.Dim(0))
	for i := range all {
		all[i] = predict(logits.Rows(i, i+1).Data())
	}
	return all
}

// predict turns one row of logits into a prediction.
func predict(logits []float32) Prediction {
	p := Prediction{Class: argmax(logits), Probabilities: make([]float64, len(logits))}
	sum := 0.0
	for i, x := range logits {
		p.Probabilities[i] = math.Exp(float64(x) - float64(logits[p.Class]))
		sum += p.Probabilities[i]
	}
	for i := range p.Probabilities {
		p.Probabilities[i] /= sum
	}
	p.Probability = p.Probabilities[p.Class]
	return p
}
