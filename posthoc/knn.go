package posthoc

import (
	"cmp"
	"fmt"
	"math"

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
	if neighbors < 1 {
		return nil, fmt.Errorf("posthoc: KNN.K is %d: it must be at least 1, or 0 for 200", k.K)
	}
	if !(temperature > 0) || math.IsInf(temperature, 1) {
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
	known, asked := unitRows(train.Features), unitRows(features)
	rows, counts := asked.Dim(0), train.Counts()
	scores := tensor.New(rows, train.Classes)
	chunk := max(1, 1<<22/known.Dim(0)) // keeps the cosines of a chunk within 16 MiB
	near := make([]neighbor, 0, min(neighbors, known.Dim(0)))
	for from := 0; from < rows; from += chunk {
		to := min(from+chunk, rows)
		s, err := cosines(asked.Rows(from, to), known)
		if err != nil {
			return nil, err
		}
		for i := range to - from {
			near = nearest(near[:0], s.Rows(i, i+1).Data())
			votes := make([]float64, train.Classes)
			for _, n := range near {
				votes[train.Labels[n.row]] += math.Exp(float64(n.cosine-near[0].cosine) / temperature)
			}
			for c, v := range votes {
				if k.Balanced {
					v /= float64(max(counts[c], 1))
				}
				scores.Data()[(from+i)*train.Classes+c] = float32(v)
			}
		}
	}
	return scores, nil
}

type neighbor struct {
	cosine float32
	row    int
}

// nearest fills near, empty and with room for as many as wanted, with the largest cosines in falling order.
func nearest(near []neighbor, cosines []float32) []neighbor {
	for row, c := range cosines {
		if len(near) == cap(near) {
			if c <= near[len(near)-1].cosine {
				continue
			}
			near = near[:len(near)-1]
		}
		at := len(near)
		near = append(near, neighbor{})
		for ; at > 0 && near[at-1].cosine < c; at-- {
			near[at] = near[at-1]
		}
		near[at] = neighbor{c, row}
	}
	return near
}
