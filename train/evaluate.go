package train

import (
	"cmp"
	"context"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
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
	confusion, err := r.confusion(ctx, set)
	if err != nil {
		return nil, nil, err
	}
	report, err := confusion.Report(r.counts, r.Groups)
	return confusion, &report, err
}

// confusion evaluates whole batches of a set on each rank, so that any number of ranks gives the same.
func (r *run) confusion(ctx context.Context, set dataset.Dataset) (*metrics.Confusion, error) {
	if !r.ranks.several() {
		return r.evaluator.Confusion(ctx, r.network, set)
	}
	each, counts := cmp.Or(r.EvalBatch, 128), make([]int, r.ranks.Size())
	var own []int
	for rank := range counts {
		from, to := distributed.Shard((set.Len()+each-1)/each, rank, len(counts))
		from, to = min(from*each, set.Len()), min(to*each, set.Len())
		counts[rank] = to - from
		for i := from; i < to && rank == r.ranks.Rank(); i++ {
			own = append(own, i)
		}
	}
	predicted, at := make([]int32, set.Len()), 0
	if len(own) > 0 {
		at = own[0]
	}
	err := func() error {
		part, err := dataset.Subset(set, own)
		if err != nil || len(own) == 0 {
			return err
		}
		mine, err := r.evaluator.Predictions(ctx, r.network, part)
		for i, class := range mine {
			predicted[at+i] = int32(class)
		}
		return err
	}()
	if err := r.ranks.agree(err); err != nil {
		return nil, err
	}
	if err := r.ranks.send(distributed.AllGather(r.ranks, predicted, counts)); err != nil {
		return nil, err
	}
	confusion, err := metrics.NewConfusion(r.network.Classes())
	for i, class := range predicted {
		if err == nil {
			err = confusion.Add(set.Label(i), int(class))
		}
	}
	return confusion, err
}
