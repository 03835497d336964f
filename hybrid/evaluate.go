package hybrid

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// Evaluator runs networks over whole data sets, of images or features, in evaluation mode. The zero value is ready. It keeps the memory it works
// in, so use a pointer to one, and not from two goroutines at once.
type Evaluator struct {
	Batch   int               // images computed at once; 0 means 128
	Weights *autograd.Weights // used in place of the network's own; nil: none
	BLAS    blas.Float32      // dense products; nil means package blas
	// Workers is how many goroutines read images ahead of their use: three batches are in memory at most. Any number gives
	// the same bits. 0 means GOMAXPROCS.
	Workers int
	// TTA averages the probabilities of several views of each image in Confusion and Probabilities.
	TTA TTA

	tape *autograd.Tape
}

// Evaluate predicts every image of data by the classifier head and counts. batch is how many images are predicted at
// once; 0 means 128.
func (n *Network) Evaluate(ctx context.Context, data dataset.Dataset, batch int) (*metrics.Confusion, error) {
	return (&Evaluator{Batch: batch}).Confusion(ctx, n, data)
}

// FeaturesOf returns what the backbone makes of every image of data, as they are, in evaluation mode: features [N, F] and
// the labels, of which package posthoc makes a Set. batch is how many images are computed at once; 0 means 128. A feature
// that is not finite is an error.
func (n *Network) FeaturesOf(ctx context.Context, data dataset.Dataset, batch int) (*tensor.Tensor, []int, error) {
	return (&Evaluator{Batch: batch}).Features(ctx, n, data)
}

// Confusion predicts every image of data by the classifier head and counts.
func (e *Evaluator) Confusion(ctx context.Context, n *Network, data dataset.Dataset) (*metrics.Confusion, error) {
	predicted, err := e.Predictions(ctx, n, data)
	if err != nil {
		return nil, err
	}
	confusion, err := metrics.NewConfusion(n.classes)
	if err != nil {
		return nil, err
	}
	for i, class := range predicted {
		if err := confusion.Add(data.Label(i), class); err != nil {
			return nil, err
		}
	}
	return confusion, nil
}

// Predictions returns the class that the classifier head predicts of every image of data.
func (e *Evaluator) Predictions(ctx context.Context, n *Network, data dataset.Dataset) ([]int, error) {
	if err := n.CheckData("evaluation", data); err != nil {
		return nil, err
	}
	predicted := make([]int, data.Len())
	err := e.logits(ctx, n, data, func(i int, views []float32) error {
		predicted[i] = argmax(views)
		if e.TTA != NoTTA {
			predicted[i] = predict(views, n.classes).Class
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return predicted, nil
}

// Probabilities returns those of every image of data for every class, [N, C]. EachProbabilities holds those of one image alone.
func (e *Evaluator) Probabilities(ctx context.Context, n *Network, data dataset.Dataset) (*tensor.Tensor, error) {
	var probs *tensor.Tensor
	err := e.EachProbabilities(ctx, n, data, func(i int, p []float32) error {
		if i == 0 {
			probs = tensor.New(data.Len(), n.classes)
		}
		copy(probs.Rows(i, i+1).Data(), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return probs, nil
}

// EachProbabilities calls do with those of every image of data in order, one for every class, which are do's until it returns.
// Its error ends the evaluation.
func (e *Evaluator) EachProbabilities(ctx context.Context, n *Network, data dataset.Dataset, do func(i int, probabilities []float32) error) error {
	if err := n.CheckData("evaluation", data); err != nil {
		return err
	}
	row := make([]float32, n.classes)
	return e.logits(ctx, n, data, func(i int, views []float32) error {
		for c, p := range predict(views, n.classes).Probabilities {
			row[c] = float32(p)
		}
		return do(i, row)
	})
}

// logits gives those of every image of data, of all its views one after the other, in order.
func (e *Evaluator) logits(ctx context.Context, n *Network, data dataset.Dataset, do func(i int, views []float32) error) error {
	if err := n.checkTTA(e.TTA); err != nil {
		return err
	}
	each := n.classes * e.TTA.views()
	return e.each(ctx, n, data, e.TTA, func(from int, images *autograd.Var) error {
		all := n.Forward(images).Data()
		if i := kernels.FirstNonFinite(all); i >= 0 {
			return fmt.Errorf("hybrid: image %d: a logit is %v: the network's weights have grown out of range", from+i/each, all[i])
		}
		for i := range len(all) / each {
			if err := do(from+i, all[i*each:(i+1)*each]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Features returns the backbone's features [N, F] of every image of data, and the labels.
func (e *Evaluator) Features(ctx context.Context, n *Network, data dataset.Dataset) (*tensor.Tensor, []int, error) {
	if err := n.CheckData("cached", data); err != nil {
		return nil, nil, err
	}
	width := n.Backbone.OutDim()
	features := tensor.New(data.Len(), width)
	err := e.each(ctx, n, data, NoTTA, func(from int, images *autograd.Var) error {
		f := n.Features(images)
		if i := kernels.FirstNonFinite(f.Data()); i >= 0 {
			return fmt.Errorf("hybrid: image %d: a feature is %v: the network's weights have grown out of range", from+i/width, f.Data()[i])
		}
		copy(features.Rows(from, from+images.Dim(0)).Data(), f.Data())
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return features, dataset.Labels(data), nil
}

// each gives the normalised samples of data in batches, the views of each together, of which from is the first sample's index.
func (e *Evaluator) each(ctx context.Context, n *Network, data dataset.Dataset, tta TTA, do func(from int, images *autograd.Var) error) error {
	batch := e.Batch
	if batch <= 0 {
		batch = 128
	}
	mode := autograd.Mode{NoGrad: true, Weights: e.Weights, BLAS: e.BLAS}
	if e.tape == nil {
		e.tape = autograd.NewTape(mode)
	}
	source := &ahead{network: n, views: tta.views(), images: data.Len(), batch: max(1, batch/tta.views()), write: n.reading(data, tta)}
	return source.each(ctx, e.Workers, func(from int, x *tensor.Tensor) error {
		return tensor.Try(func() error {
			e.tape.Reset(mode)
			return do(from, e.tape.Const(x))
		})
	})
}

// CheckData says why the network cannot be trained or evaluated on a data set, called name in the error. It reads labels,
// no images.
func (n *Network) CheckData(name string, d dataset.Dataset) error {
	if d.Len() == 0 {
		return fmt.Errorf("hybrid: the %s data has no images", name)
	}
	switch width := dataset.WidthOf(d); {
	case width == n.input.Features:
	case width == 0:
		return fmt.Errorf("hybrid: the %s data has images, the network takes %s: make it with hybrid.WithInput", name, n.input)
	default:
		return fmt.Errorf("hybrid: the %s data has features of width %d, the network takes %s: make it with hybrid.WithFeatures(%d)", name, width, n.input, width)
	}
	if c := len(d.Classes()); c != n.classes {
		return fmt.Errorf("hybrid: the %s data has %d classes, the network %d", name, c, n.classes)
	}
	for i := range d.Len() {
		if y := d.Label(i); y < 0 || y >= n.classes {
			return fmt.Errorf("hybrid: %s image %d has label %d, not one of %d classes", name, i, y, n.classes)
		}
	}
	return nil
}
