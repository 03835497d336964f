package posthoc

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/internal/nearest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
)

// KNN classifies by the K training features of the largest cosine s with an image's, which vote for their classes with
// weights exp(s/Temperature) (arXiv 1805.01978). The zero value is that paper's.
type KNN struct {
	K           int     // 0 means 200; all training features if there are fewer
	Temperature float64 // 0 means 0.07
	Balanced    bool    // divide the votes for a class by its number of training images
}

// Scores returns the votes [N, C] of features [N, D], scaled so that the nearest neighbour's own is 1 (before Balanced
// divides it). Of equal cosines the lower row of the training set comes first. A feature of zeros has the cosine 0 with
// all. It takes time for N times the training rows.
func (k KNN) Scores(train Set, features *tensor.Tensor) (*tensor.Tensor, error) {
	neighbors, temperature := cmp.Or(k.K, 200), cmp.Or(k.Temperature, 0.07)
	if k.K < 0 {
		return nil, fmt.Errorf("posthoc: KNN.K is %d: it must be at least 1, or 0 for 200", k.K)
	}
	if !(k.Temperature >= 0) || math.IsInf(k.Temperature, 1) {
		return nil, fmt.Errorf("posthoc: KNN.Temperature is %g: it must be positive and finite, or 0 for 0.07", k.Temperature)
	}
	if err := train.check(); err != nil {
		return nil, err
	}
	if err := checkMatrix("features", features); err != nil {
		return nil, err
	}
	if err := checkWidth(features, train.Features.Dim(1)); err != nil {
		return nil, err
	}
	counts, near := train.Counts(), make([]nearest.Row, 0, min(neighbors, train.Features.Dim(0)))
	scores, votes := tensor.New(features.Dim(0), train.Classes), make([]float64, train.Classes)
	err := nearest.Cosines(context.Background(), nearest.Unit(features), nearest.Unit(train.Features), func(int) int { return 0 }, func(row, _ int, cosines []float32) {
		near = nearest.Largest(near[:0], cosines, -1)
		clear(votes)
		for _, n := range near {
			votes[train.Labels[n.Row]] += math.Exp(float64(n.Cosine-near[0].Cosine) / temperature)
		}
		for c, v := range votes {
			if k.Balanced {
				v /= float64(max(counts[c], 1))
			}
			scores.Data()[row*train.Classes+c] = float32(v)
		}
	})
	return scores, err
}

// Evaluate classifies the rows of test by those of train, a part at a time, and counts: the class of the most votes is predicted, the
// first of equals. Both sets have the same classes.
func (k KNN) Evaluate(ctx context.Context, train, test Set) (*metrics.Confusion, error) {
	if err := checkMatrix("test features", test.Features); err != nil {
		return nil, err
	}
	if err := checkLabels(test.Labels, test.Features.Dim(0), test.Classes); err != nil {
		return nil, err
	}
	if test.Classes != train.Classes {
		return nil, fmt.Errorf("posthoc: a test set of %d classes for a training set of %d: they must have the same", test.Classes, train.Classes)
	}
	counted, err := metrics.NewConfusion(test.Classes)
	if err != nil {
		return nil, err
	}
	part := max(1, 1<<24/test.Classes) // keeps the votes within 64 MiB
	for from := 0; from < len(test.Labels); from += part {
		if err := cause.Err(ctx); err != nil {
			return nil, err
		}
		to := min(from+part, len(test.Labels))
		scores, err := k.Scores(train, test.Features.Rows(from, to))
		if err != nil {
			return nil, err
		}
		c, err := Judge(scores, test.Labels[from:to])
		if err == nil {
			err = counted.Merge(c)
		}
		if err != nil {
			return nil, err
		}
	}
	return counted, nil
}
