package posthoc_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

var nan, inf = float32(math.NaN()), float32(math.Inf(1))

func matrix(rows, cols int, v ...float32) *tensor.Tensor {
	x, err := tensor.FromSlice(v, rows, cols)
	if err != nil {
		panic(err)
	}
	return x
}

func linear(classes, dim int, w, bias []float32) *nn.Linear {
	l := &nn.Linear{Weight: autograd.NewParam(matrix(classes, dim, w...))}
	if bias != nil {
		l.Bias = autograd.NewParam(matrix(1, classes, bias...).Reshape(classes))
	}
	return l
}

// clouds draws rows around a centre for each class: a set of the given sizes, no two classes alike.
func clouds(seed uint64, dim int, spread float64, counts ...int) posthoc.Set {
	rng := rand.New(rand.NewPCG(seed, 1))
	centers := rand.New(rand.NewPCG(99, uint64(dim))) // the same for every seed
	s := posthoc.Set{Classes: len(counts)}
	var values []float32
	for c, n := range counts {
		center := make([]float64, dim)
		for k := range center {
			center[k] = centers.NormFloat64()
		}
		for range n {
			for _, m := range center {
				values = append(values, float32(m+spread*rng.NormFloat64()))
			}
			s.Labels = append(s.Labels, c)
		}
	}
	s.Features = matrix(len(s.Labels), dim, values...)
	return s
}

// row returns row r in float64.
func row(x *tensor.Tensor, r int) []float64 {
	out := make([]float64, x.Dim(1))
	for i, v := range x.Rows(r, r+1).Data() {
		out[i] = float64(v)
	}
	return out
}

func unit(v []float64) []float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	out := make([]float64, len(v))
	if sum == 0 {
		return out
	}
	for i, x := range v {
		out[i] = x / math.Sqrt(sum)
	}
	return out
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func accuracy(t *testing.T, scores *tensor.Tensor, labels []int) float64 {
	t.Helper()
	c, err := posthoc.Judge(scores, labels)
	require.NoError(t, err)
	return float64(c.BalancedAccuracy())
}
