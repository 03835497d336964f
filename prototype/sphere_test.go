package prototype_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
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
		x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: n, Dim: dim, Seed: 3})
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
		x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 2 * dim, Dim: dim, Seed: 5})
		require.NoError(t, err)
		best := math.Log(math.Exp(1/0.07) + float64(2*dim-2) + math.Exp(-1/0.07))
		require.InDelta(t, best, energy(x, 0.07), 1e-6*best, "dimension %d", dim)
	}
	x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 5, Dim: 2, Temperature: 1, Seed: 5})
	require.NoError(t, err)
	best := 0.0
	for k := range 5 {
		best += math.Exp(math.Cos(2 * math.Pi * float64(k) / 5))
	}
	require.InDelta(t, math.Log(best), energy(x, 1), 1e-6)
}

func TestSpreadIsDeterministic(t *testing.T) {
	for _, n := range []int{4, 40} {
		a, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: n, Dim: 8, Steps: 50, Seed: 1})
		require.NoError(t, err)
		b, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: n, Dim: 8, Steps: 50, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, a.Data(), b.Data())
		c, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: n, Dim: 8, Steps: 50, Seed: 2})
		require.NoError(t, err)
		require.NotEqual(t, a.Data(), c.Data())
	}
}

// The energies that 1,000 steps of plain descent came to, which took up to 80 times as long.
func TestSpreadIsAsGoodAsLongDescent(t *testing.T) {
	for _, c := range []struct {
		points, dim int
		above       float64 // 1/τ
	}{{10, 5, 4.9994e-6}, {40, 8, 4.37887e-4}, {500, 16, 1.08655e-2}} {
		x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: c.points, Dim: c.dim, Seed: 1})
		require.NoError(t, err)
		require.LessOrEqual(t, energy(x, 0.07)-1/0.07, c.above*1.001, "%d points in dimension %d", c.points, c.dim)
	}
}

func TestSpreadDoesNotDependOnCores(t *testing.T) {
	spread := func(cores int) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 300, Dim: 24, Steps: 5, Seed: 1})
		require.NoError(t, err)
		return x.Data()
	}
	want := spread(1)
	for _, cores := range []int{2, 3, 7} {
		require.Equal(t, want, spread(cores), "GOMAXPROCS %d", cores)
	}
}

func TestSpreadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	for _, points := range []int{5, 50} {
		x, err := prototype.OnSphere(ctx, prototype.Sphere{Points: points, Dim: 8})
		require.ErrorIs(t, err, why)
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, x)
	}
}

func TestSpreadChecksSettings(t *testing.T) {
	for _, c := range []struct {
		names string
		s     prototype.Sphere
	}{
		{"0 points", prototype.Sphere{Points: 0, Dim: 3}},
		{"dimension 0", prototype.Sphere{Points: 3, Dim: 0}},
		{"Temperature -1", prototype.Sphere{Points: 3, Dim: 3, Temperature: -1}},
		{"Temperature NaN", prototype.Sphere{Points: 3, Dim: 3, Temperature: math.NaN()}},
		{"Temperature +Inf", prototype.Sphere{Points: 3, Dim: 3, Temperature: math.Inf(1)}},
		{"Temperature 0.00099", prototype.Sphere{Points: 3, Dim: 3, Temperature: 0.00099}},
		{"Temperature 1e-300", prototype.Sphere{Points: 3, Dim: 2, Temperature: 1e-300}},
		{"Steps -2", prototype.Sphere{Points: 3, Dim: 3, Steps: -2}},
		{fmt.Sprint(math.MaxInt, " points"), prototype.Sphere{Points: math.MaxInt, Dim: 3}},
		{fmt.Sprint("dimension ", math.MaxInt/2), prototype.Sphere{Points: math.MaxInt / 2, Dim: math.MaxInt / 2}},
	} {
		_, err := prototype.OnSphere(context.Background(), c.s)
		require.ErrorContains(t, err, c.names)
	}
	_, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 3, Dim: 3, Temperature: 0.001})
	require.NoError(t, err)
	_, err = prototype.OnSphere(context.Background(), prototype.Sphere{Points: 1 << 20, Dim: 1<<10 + 1})
	require.ErrorContains(t, err, "more than the 1073741824 values")
}

// Progress is told of each step, of as many as there may be. A simplex takes none.
func TestSpreadTellsItsSteps(t *testing.T) {
	for _, c := range []struct {
		s           prototype.Sphere
		stop, steps int // after so many
	}{
		{prototype.Sphere{Points: 3, Dim: 2}, 9, 0},
		{prototype.Sphere{Points: 4, Dim: 2}, 2, 200},
		{prototype.Sphere{Points: 60, Dim: 9, Steps: 7}, 7, 7},
		{prototype.Sphere{Points: 4000, Dim: 2}, 1, 200},
		{prototype.Sphere{Points: 4001, Dim: 2}, 1, 120},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		told := 0
		c.s.Progress = func(done, of int) {
			told++
			require.Equal(t, []int{told, c.steps}, []int{done, of})
			if done == c.stop {
				cancel()
			}
		}
		_, err := prototype.OnSphere(ctx, c.s)
		cancel()
		if c.steps == 0 || c.stop == c.steps {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, context.Canceled)
		}
		require.Equal(t, min(c.stop, c.steps), told)
	}
}

// Where there is no lower energy to come to, the descent ends; where the gradient is nothing, as in one dimension, it doesn't begin.
func TestSpreadEndsWhereNothingMoves(t *testing.T) {
	for _, c := range []struct{ points, dim, most int }{{10, 5, 150}, {6, 3, 150}, {5, 1, 0}} {
		told := 0
		_, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: c.points, Dim: c.dim, Seed: 1, Progress: func(done, _ int) { told = done }})
		require.NoError(t, err)
		require.LessOrEqual(t, told, c.most, "%d points in dimension %d", c.points, c.dim)
	}
}

// Far below the usual temperature, where steps of L-BFGS may lead nowhere, points are spread as well: 2·dim of them lie on the axes.
func TestSpreadAtALowTemperature(t *testing.T) {
	x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 16, Dim: 8, Temperature: 0.01, Seed: 1})
	require.NoError(t, err)
	for i, row := range gram(x) {
		for _, v := range row[:i] {
			require.Less(t, v, 0.2)
		}
	}
}

// What so many steps come to, with this memory and these lengths of steps: energies above 1/τ.
func TestSpreadIsAsGoodAfterFewSteps(t *testing.T) {
	for _, c := range []struct {
		steps int
		above float64
	}{{1, 1.21857817}, {3, 1.13404513}, {9, 1.09301174}, {20, 1.08546038}} {
		x, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 40, Dim: 8, Steps: c.steps, Temperature: 0.3, Seed: 1})
		require.NoError(t, err)
		require.InDelta(t, c.above, energy(x, 0.3)-1/0.3, 1e-6, "%d steps", c.steps)
	}
}

// The targets of TSC for data sets of many classes.
func BenchmarkOnSphere(b *testing.B) {
	for _, points := range []int{2000, 8142} {
		b.Run(fmt.Sprint(points), func(b *testing.B) {
			for b.Loop() {
				_, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: points, Dim: 128, Seed: 1})
				require.NoError(b, err)
			}
		})
	}
}
