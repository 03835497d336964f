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
	if err := n.CheckData("evaluation", data); err != nil {
		return nil, err
	}
	confusion, err := metrics.NewConfusion(n.classes)
	if err != nil {
		return nil, err
	}
	err = e.each(ctx, n, data, func(from int, images *autograd.Var) error {
		logits := n.Forward(images)
		if i := kernels.FirstNonFinite(logits.Data()); i >= 0 {
			return fmt.Errorf("hybrid: image %d: a logit is %v: the network's weights have grown out of range", from+i/n.classes, logits.Data()[i])
		}
		for i := range images.Dim(0) {
			row := logits.Data()[i*n.classes : (i+1)*n.classes]
			if err := confusion.Add(data.Label(from+i), argmax(row)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return confusion, nil
}

// Features returns the backbone's features [N, F] of every image of data, and the labels.
func (e *Evaluator) Features(ctx context.Context, n *Network, data dataset.Dataset) (*tensor.Tensor, []int, error) {
	if err := n.CheckData("cached", data); err != nil {
		return nil, nil, err
	}
	width := n.Backbone.OutDim()
	features := tensor.New(data.Len(), width)
	err := e.each(ctx, n, data, func(from int, images *autograd.Var) error {
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

// each gives the normalised samples of data in batches, of which from is the first one's index.
func (e *Evaluator) each(ctx context.Context, n *Network, data dataset.Dataset, do func(from int, images *autograd.Var) error) error {
	batch := e.Batch
	if batch <= 0 {
		batch = 128
	}
	mode := autograd.Mode{NoGrad: true, Weights: e.Weights, BLAS: e.BLAS}
	if e.tape == nil {
		e.tape = autograd.NewTape(mode)
	}
	source := &ahead{network: n, images: data.Len(), batch: batch, write: n.reading(data)}
	return source.each(ctx, e.Workers, func(from int, x *tensor.Tensor) error {
		return tensor.Try(func() error {
			e.tape.Reset(mode)
			return do(from, e.tape.Const(x))
		})
	})
}

// argmax returns the index of the largest value, the first of equals.
func argmax(v []float32) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
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
