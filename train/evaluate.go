package train

import (
	"context"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/metrics"
)

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
	r.evaluator.Weights = w
	confusion, err := r.evaluator.Confusion(ctx, r.network, r.test)
	if err != nil {
		return nil, nil, err
	}
	report, err := confusion.Report(r.counts, r.Groups)
	return confusion, &report, err
}
