package prototype_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// gram returns the inner products of the rows of x in float64.
func gram(x *tensor.Tensor) [][]float64 {
	n, d := x.Dim(0), x.Dim(1)
	g := make([][]float64, n)
	for i := range n {
		g[i] = make([]float64, n)
		for j := range n {
			for k := range d {
				g[i][j] += float64(x.Data()[i*d+k]) * float64(x.Data()[j*d+k])
			}
		}
	}
	return g
}

// energy is mean_i log Σ_j e^{t_i·t_j/τ}.
func energy(x *tensor.Tensor, tau float64) float64 {
	total := 0.0
	for _, row := range gram(x) {
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(v / tau)
		}
		total += math.Log(sum)
	}
	return total / float64(x.Dim(0))
}

func TestFewPointsAreASimplex(t *testing.T) {
	for _, c := range [][2]int{{1, 1}, {1, 4}, {2, 1}, {2, 9}, {3, 2}, {5, 4}, {10, 64}, {100, 128}, {129, 128}} {
		n, dim := c[0], c[1]
		x, err := prototype.OnSphere(prototype.Sphere{Points: n, Dim: dim, Seed: 3})
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{n, dim}, x.Shape())
		for i, row := range gram(x) {
			for j, v := range row {
				want := -1 / float64(n-1)
				if i == j {
					want = 1
				}
				require.InDelta(t, want, v, 1e-6, "%d points in dimension %d", n, dim)
			}
		}
	}
}

// Where the best arrangement is known, descent finds it: the octahedron and its kin of 2·dim points, two for each axis;
// five points on a circle.
func TestManyPointsAreSpread(t *testing.T) {
	for _, dim := range []int{2, 3, 8} {
		x, err := prototype.OnSphere(prototype.Sphere{Points: 2 * dim, Dim: dim, Seed: 5})
		require.NoError(t, err)
		best := math.Log(math.Exp(1/0.07) + float64(2*dim-2) + math.Exp(-1/0.07))
		require.InDelta(t, best, energy(x, 0.07), 1e-6*best, "dimension %d", dim)
	}
	x, err := prototype.OnSphere(prototype.Sphere{Points: 5, Dim: 2, Temperature: 1, Seed: 5})
	require.NoError(t, err)
	best := 0.0
	for k := range 5 {
		best += math.Exp(math.Cos(2 * math.Pi * float64(k) / 5))
	}
	require.InDelta(t, math.Log(best), energy(x, 1), 1e-6)
}

func TestSpreadIsDeterministic(t *testing.T) {
	for _, n := range []int{4, 40} {
		a, err := prototype.OnSphere(prototype.Sphere{Points: n, Dim: 8, Steps: 50, Seed: 1})
		require.NoError(t, err)
		b, err := prototype.OnSphere(prototype.Sphere{Points: n, Dim: 8, Steps: 50, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, a.Data(), b.Data())
		c, err := prototype.OnSphere(prototype.Sphere{Points: n, Dim: 8, Steps: 50, Seed: 2})
		require.NoError(t, err)
		require.NotEqual(t, a.Data(), c.Data())
	}
}

func TestSpreadChecksSettings(t *testing.T) {
	for want, s := range map[string]prototype.Sphere{
		"prototype: 0 points on the sphere of dimension 3: both must be at least 1":               {Points: 0, Dim: 3},
		"prototype: 3 points on the sphere of dimension 0: both must be at least 1":               {Points: 3, Dim: 0},
		"prototype: Sphere.Temperature -1 must be finite and above 0 and Steps 1000 not negative": {Points: 3, Dim: 3, Temperature: -1},
		"prototype: Sphere.Temperature 0.07 must be finite and above 0 and Steps -2 not negative": {Points: 3, Dim: 3, Steps: -2},
	} {
		_, err := prototype.OnSphere(s)
		require.EqualError(t, err, want)
	}
}
