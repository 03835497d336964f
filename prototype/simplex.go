package prototype

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/tensor"
)

// simplex returns the corners of a regular simplex around the origin, turned at random.
func simplex(ctx context.Context, n, dim int, rng *rand.Rand) (*tensor.Tensor, error) {
	if n == 1 {
		return directions(1, dim, rng), nil
	}
	axes, err := orthonormal(ctx, n-1, dim, rng)
	if err != nil {
		return nil, err
	}
	x := tensor.New(n, dim)
	// Helmert's basis of the plane through the unit vectors of n axes: corner i lies on axes i−1 and after. What lies on
	// axes i and after is added up from the last one.
	height := func(k int) float64 { return 1 / math.Sqrt(float64(k+1)*float64(k+2)) }
	after, corner := make([]float64, dim), make([]float64, dim)
	for i := n - 1; i >= 0; i-- {
		if i < n-1 {
			addTo(after, height(i), axes[i])
		}
		copy(corner, after)
		if i > 0 {
			addTo(corner, -float64(i)*height(i-1), axes[i-1])
		}
		setUnit(x.Data()[i*dim:(i+1)*dim], corner)
	}
	return x, nil
}

// orthonormal returns n ≤ dim random orthonormal vectors, by Gram and Schmidt.
func orthonormal(ctx context.Context, n, dim int, rng *rand.Rand) ([][]float64, error) {
	var axes [][]float64
	for len(axes) < n {
		if err := cause.Err(ctx); err != nil {
			return nil, err
		}
		v := make([]float64, dim)
		for k := range v {
			v[k] = rng.NormFloat64()
		}
		for range 2 { // twice is enough
			for _, a := range axes {
				addTo(v, -dot(a, v), a)
			}
		}
		norm := math.Sqrt(dot(v, v))
		if norm < 1e-6 { // by chance within the span of the others
			continue
		}
		for k := range v {
			v[k] /= norm
		}
		axes = append(axes, v)
	}
	return axes, nil
}

func dot(a, b []float64) float64 {
	s := 0.0
	for k := range a {
		s += a[k] * b[k]
	}
	return s
}

func addTo(dst []float64, alpha float64, x []float64) {
	for k, v := range x {
		dst[k] += alpha * v
	}
}
