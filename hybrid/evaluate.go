package hybrid

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
)

// Evaluate predicts every image of data by the classifier head and counts. batch is how many images are predicted at
// once; 0 means 128.
func (n *Network) Evaluate(ctx context.Context, data dataset.Dataset, batch int) (*metrics.Confusion, error) {
	if err := checkData("evaluation", data, n); err != nil {
		return nil, err
	}
	return n.evaluate(ctx, autograd.NewTape(autograd.Mode{}), autograd.Mode{NoGrad: true}, data, batch)
}

func (n *Network) evaluate(ctx context.Context, tape *autograd.Tape, mode autograd.Mode, data dataset.Dataset, batch int) (*metrics.Confusion, error) {
	confusion, err := metrics.NewConfusion(n.classes)
	if err != nil {
		return nil, err
	}
	err = n.each(ctx, data, batch, func(from int, images *tensor.Tensor) error {
		tape.Reset(mode)
		logits := n.Forward(tape.Const(images))
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

// each gives the normalised images of data in batches [B, H, W, C], of which from is the first image's index.
func (n *Network) each(ctx context.Context, data dataset.Dataset, batch int, do func(from int, images *tensor.Tensor) error) error {
	if batch <= 0 {
		batch = 128
	}
	var img dataset.Image
	images := tensor.New(min(batch, data.Len()), n.height, n.width, n.channels)
	for from := 0; from < data.Len(); from += batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		count := min(batch, data.Len()-from)
		for i := range count {
			if err := data.Image(from+i, &img); err != nil {
				return err
			}
			if err := n.write(images.Rows(i, i+1).Data(), &img); err != nil {
				return fmt.Errorf("hybrid: image %d: %w", from+i, err)
			}
		}
		if err := tensor.Try(func() error { return do(from, images.Rows(0, count)) }); err != nil {
			return err
		}
	}
	return nil
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

// checkData checks what Fit and Evaluate ask of a data set without reading its images.
func checkData(name string, d dataset.Dataset, n *Network) error {
	if d.Len() == 0 {
		return fmt.Errorf("hybrid: the %s data has no images", name)
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

// evaluate adds the test figures to an epoch that is due for them.
func (r *run) evaluate(ctx context.Context, e *EpochReport) error {
	if r.test == nil || ((e.Epoch+1)%r.EvalEvery != 0 && e.Epoch+1 != r.Epochs) {
		return nil
	}
	confusion, report, err := r.evaluateWith(ctx, nil)
	if err != nil {
		return err
	}
	if r.average != nil {
		_, ema, err := r.evaluateWith(ctx, r.average.weights)
		if err != nil {
			return err
		}
		e.EMA, r.result.LastEMA = ema, ema
	}
	e.Test, r.result.Last, r.result.Confusion = report, report, confusion
	return nil
}

// evaluateWith evaluates the network with the weights w; nil are its own.
func (r *run) evaluateWith(ctx context.Context, w *autograd.Weights) (*metrics.Confusion, *metrics.Report, error) {
	mode := autograd.Mode{NoGrad: true, Weights: w, BLAS: r.BLAS}
	confusion, err := r.network.evaluate(ctx, r.evaluation, mode, r.test, r.EvalBatch)
	if err != nil {
		return nil, nil, err
	}
	report, err := confusion.Report(r.counts, r.Groups)
	return confusion, &report, err
}
