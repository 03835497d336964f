package main

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// Mixup blends each sample's first view with that of a random other sample (arXiv 1710.09412).
type Mixup struct{}

// Mix leaves the other views as they are: their rows keep weight 1.
func (Mixup) Mix(images *tensor.Tensor, labels []int, views int, rng *rand.Rand) *loss.Mix {
	n := len(labels) / views
	mix := &loss.Mix{Labels: append([]int{}, labels...), Weight: make([]float32, len(labels))}
	for i := range mix.Weight {
		mix.Weight[i] = 1
	}
	first, k := images.Rows(0, n), rng.Float32() // Beta(1, 1)
	source := first.Clone()
	for i, j := range rng.Perm(n) {
		mix.Labels[i], mix.Weight[i] = labels[j], k
		a, b := first.Rows(i, i+1).Data(), source.Rows(j, j+1).Data()
		for p := range a {
			a[p] = k*a[p] + (1-k)*b[p]
		}
	}
	return mix
}
