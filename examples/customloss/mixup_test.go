package main

import (
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/stretchr/testify/require"
)

// The first view is blended by one weight with the samples the second labels come from; other views stay.
func TestMixupBlendsTheFirstView(t *testing.T) {
	images := gradtest.Normal(1, 1, 6, 2, 2, 1) // three samples in two views
	before := images.Clone()
	labels := []int{10, 11, 12, 10, 11, 12}
	mix := Mixup{}.Mix(images, labels, 2, rand.New(rand.NewPCG(1, 1)))
	require.Equal(t, before.Rows(3, 6).Data(), images.Rows(3, 6).Data())
	require.Equal(t, []float32{1, 1, 1}, mix.Weight[3:])
	for i := range 3 {
		j, k := mix.Labels[i]-10, mix.Weight[i]
		require.Equal(t, mix.Weight[0], k)
		for p, got := range images.Rows(i, i+1).Data() {
			require.InDelta(t, k*before.Rows(i, i+1).Data()[p]+(1-k)*before.Rows(j, j+1).Data()[p], got, 1e-6)
		}
	}
}
