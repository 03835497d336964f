package train

import (
	"context"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/metrics"
)

// evaluate adds the figures of the validation and the test set to an epoch that is due for them, and chooses.
func (r *run) evaluate(ctx context.Context, e *EpochReport) error {
	if (e.Epoch+1)%r.EvalEvery != 0 && e.Epoch+1 != r.Epochs {
		return nil
	}
	_, validation, validationEMA, err := r.evaluateOn(ctx, r.Validation)
	if err != nil {
		return err
	}
	confusion, test, ema, err := r.evaluateOn(ctx, r.test)
	if err != nil {
		return err
	}
	e.Validation, e.ValidationEMA, e.Test, e.EMA = validation, validationEMA, test, ema
	r.result.Last, r.result.LastEMA, r.result.Confusion = test, ema, confusion
	return r.choose(e)
}

// evaluateOn evaluates the network and the average weights on a set. Without the one or the other its figures are nil.
func (r *run) evaluateOn(ctx context.Context, set dataset.Dataset) (c *metrics.Confusion, own, ema *metrics.Report, err error) {
	if set == nil {
		return nil, nil, nil, nil
	}
	if c, own, err = r.evaluateWith(ctx, nil, set); err == nil && r.average != nil {
		_, ema, err = r.evaluateWith(ctx, r.average.Weights, set)
	}
	return c, own, ema, err
}

// evaluateWith evaluates the network with the weights w; nil are its own.
func (r *run) evaluateWith(ctx context.Context, w *autograd.Weights, set dataset.Dataset) (*metrics.Confusion, *metrics.Report, error) {
	r.evaluator.Weights = w
	confusion, err := r.evaluator.Confusion(ctx, r.network, set)
	if err != nil {
		return nil, nil, err
	}
	report, err := confusion.Report(r.counts, r.Groups)
	return confusion, &report, err
}
