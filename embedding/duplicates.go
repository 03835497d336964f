package embedding

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/internal/nearest"
)

// Pair is two images of a Set, A before B.
type Pair struct {
	A, B   int
	Cosine float32
}

// Duplicates returns pairs of images whose cosine is at least so large, the nearest first, at most so many of them, and how many
// there are. It takes time for half the square of the images: 50,000 of width 128 take seconds.
func (x *Index) Duplicates(ctx context.Context, atLeast float64, most int) (pairs []Pair, total int, err error) {
	if !(atLeast > -1 && atLeast <= 1) || most < 1 {
		return nil, 0, fmt.Errorf("embedding: duplicates of cosine %g, at most %d: the cosine must be above -1 and at most 1, and the number at least 1", atLeast, most)
	}
	// A picture's cosine with itself may be rounded below 1.
	least := float32(min(atLeast, 1-1e-6))
	order := func(p, q Pair) int {
		return cmp.Or(cmp.Compare(q.Cosine, p.Cosine), cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B))
	}
	err = nearest.Cosines(ctx, x.unit, x.unit, func(row int) int { return row }, func(row, from int, cosines []float32) {
		for j := row + 1 - from; j < len(cosines); j++ {
			if c := cosines[j]; c >= least {
				total++
				pairs = append(pairs, Pair{row, from + j, c})
			}
		}
		if len(pairs) >= 2*most+1<<20 {
			slices.SortFunc(pairs, order)
			pairs = pairs[:most]
		}
	})
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(pairs, order)
	return pairs[:min(most, len(pairs))], total, nil
}
