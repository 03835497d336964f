package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/longtail-ml/longtail/internal/kernels"
)

var (
	transposes = []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}
	increments = [][2]int{{1, 1}, {2, 1}, {1, 3}, {-1, 1}, {1, -2}, {-1, -1}, {-3, 2}, {5, -4}}
	scalars    = []float64{0, 1, -1, 0.75, -8}
)

// eachVector calls f for many lengths, the longest with increments 1 only.
func eachVector(f func(n, incX, incY int)) {
	sizes := []int{127, 128, 129, 1000, 4095, 4096, 4097}
	for n := range 71 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		for _, inc := range increments {
			f(n, inc[0], inc[1])
		}
	}
	for _, n := range []int{12345, 131072, 131073, 300001} {
		f(n, 1, 1)
	}
}

func TestSdot(t *testing.T) {
	var worst float64
	r := rand.New(rand.NewPCG(1, 1))
	eachVector(func(n, incX, incY int) {
		c := checked{t: t, most: 2, worst: &worst}
		if incX != 1 || incY != 1 {
			c = checked{t: t, most: 10} // gonum's: one run in single precision
		}
		c.Ddot(n, strided(r, n, incX), incX, strided(r, n, incY), incY)
	})
	t.Logf("%s: largest error %.2f epsilons", kernels.Level(), worst)
}

func TestSaxpy(t *testing.T) {
	var worst float64
	r := rand.New(rand.NewPCG(2, 1))
	c := checked{t: t, most: 1, worst: &worst}
	eachVector(func(n, incX, incY int) {
		c.Daxpy(n, pick(r, scalars...), strided(r, n, incX), incX, strided(r, n, incY), incY)
	})
	t.Logf("%s: largest error %.2f epsilons", kernels.Level(), worst)
}

func TestSgemv(t *testing.T) {
	var worst float64
	r := rand.New(rand.NewPCG(3, 1))
	check := func(tA blas.Transpose, m, n int, inc [2]int) {
		lenX, lenY := n, m
		if tA != blas.NoTrans {
			lenX, lenY = m, n
		}
		lda := max(1, n+pick(r, 0, 0, 1, 5))
		c := checked{t: t, most: 6}
		if inc == [2]int{1, 1} {
			c.worst = &worst
		}
		// gonum's Dgemv clears all of y for beta 0, so that there is nothing after it here.
		y := strided(r, lenY, inc[1])[:max(0, (lenY-1)*max(inc[1], -inc[1])+1)]
		c.Dgemv(tA, m, n, pick(r, scalars...), matrix(r, m, n, lda), lda, strided(r, lenX, inc[0]), inc[0],
			pick(r, scalars...), y, inc[1])
	}
	for m := range 71 {
		for n := range 71 {
			check(blas.NoTrans, m, n, [2]int{1, 1})
			check(pick(r, transposes[1:]...), m, n, [2]int{1, 1})
			if (m+n)%7 == 0 {
				check(pick(r, transposes...), m, n, pick(r, increments...))
			}
		}
	}
	for _, size := range [][2]int{
		{300, 700}, {257, 4099}, {1000, 64}, {5, 9001}, {2, 131073}, {131073, 2}, {1, 140000}, {140000, 1}, {515, 1030},
	} {
		for _, tA := range transposes[:2] {
			check(tA, size[0], size[1], [2]int{1, 1})
		}
	}
	t.Logf("%s: largest error %.2f epsilons", kernels.Level(), worst)
}

func TestSgemvWritesNothingAfterY(t *testing.T) {
	for _, tA := range transposes {
		for _, incX := range []int{1, 2, -1} {
			for _, alpha := range []float32{0, 1} {
				y := []float32{-1, -1, 7, 8}
				Implementation{}.Sgemv(tA, 2, 2, alpha, []float32{1, 2, 3, 4}, 2, []float32{1, 1, 1}, incX, 0, y, 1)
				require.Equal(t, []float32{7, 8}, y[2:], "%c incX=%d alpha=%g", tA, incX, alpha)
			}
		}
	}
}

// One element that is not finite must decide the result, wherever it is; what must not be read is NaN.
func TestVectorRoutinesNotFinite(t *testing.T) {
	nan := float32(math.NaN())
	impl := Implementation{}
	for n := 1; n < 70; n++ {
		x, ones, y := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range n {
			ones[i] = 1
		}
		for i := range n {
			for _, v := range []float32{nan, float32(math.Inf(1)), float32(math.Inf(-1))} {
				x[i] = v
				require.Equal(t, fmt.Sprint(v), fmt.Sprint(impl.Sdot(n, x, 1, ones, 1)), "%d of %d", i, n)
				require.True(t, math.IsNaN(float64(impl.Sdot(n, x, 1, make([]float32, n), 1))))
				for _, tA := range transposes { // x as a row and as a column
					y := []float32{nan}
					m, n, lda := 1, n, n
					if tA != blas.NoTrans {
						m, n, lda = n, 1, 1
					}
					impl.Sgemv(tA, m, n, 1, x, lda, ones, 1, 0, y, 1)
					require.Equal(t, fmt.Sprint(v), fmt.Sprint(y[0]), "%c %d of %d", tA, i, n)
				}
			}
			x[i] = 0
		}
		for i := range n {
			x[i], y[i] = nan, 2
		}
		impl.Saxpy(n, 0, x, 1, y, 1)
		require.Equal(t, float32(2), y[n-1])
		for _, tA := range transposes {
			impl.Sgemv(tA, 1, 1, 0, x, 1, x, 1, 2, y, 1)
			impl.Sgemv(tA, 1, 1, 0, x, 1, x, 1, 0.5, y, 1)
			require.Equal(t, float32(2), y[0])
		}
	}
}

func TestVectorPanicsAsGonum(t *testing.T) {
	v := func(n int) []float32 { return make([]float32, n) }
	gemv := func(tA blas.Transpose, m, n, la, lda, lx, incX, ly, incY int) func(blas.Float32) {
		return func(impl blas.Float32) { impl.Sgemv(tA, m, n, 1, v(la), lda, v(lx), incX, 0, v(ly), incY) }
	}
	for name, call := range map[string]func(blas.Float32){
		"dot n":             func(impl blas.Float32) { impl.Sdot(-1, v(3), 1, v(3), 1) },
		"dot incX":          func(impl blas.Float32) { impl.Sdot(3, v(3), 0, v(3), 1) },
		"dot incY":          func(impl blas.Float32) { impl.Sdot(3, v(3), 1, v(3), 0) },
		"dot incX empty":    func(impl blas.Float32) { impl.Sdot(0, nil, 0, nil, 1) },
		"dot x":             func(impl blas.Float32) { impl.Sdot(3, v(2), 1, v(3), 1) },
		"dot y":             func(impl blas.Float32) { impl.Sdot(3, v(3), 1, v(2), 1) },
		"dot x strided":     func(impl blas.Float32) { impl.Sdot(3, v(4), -2, v(3), 1) },
		"axpy n":            func(impl blas.Float32) { impl.Saxpy(-1, 1, v(3), 1, v(3), 1) },
		"axpy incX":         func(impl blas.Float32) { impl.Saxpy(3, 1, v(3), 0, v(3), 1) },
		"axpy incY":         func(impl blas.Float32) { impl.Saxpy(3, 1, v(3), 1, v(3), 0) },
		"axpy x":            func(impl blas.Float32) { impl.Saxpy(3, 1, v(2), 1, v(3), 1) },
		"axpy y":            func(impl blas.Float32) { impl.Saxpy(3, 1, v(3), 1, v(2), 1) },
		"axpy y, alpha 0":   func(impl blas.Float32) { impl.Saxpy(3, 0, v(3), 1, v(2), 1) },
		"axpy y strided":    func(impl blas.Float32) { impl.Saxpy(3, 1, v(3), 1, v(6), 3) },
		"gemv transpose":    gemv('x', 2, 3, 6, 3, 3, 1, 3, 1),
		"gemv m":            gemv(blas.NoTrans, -2, 3, 6, 3, 3, 1, 2, 1),
		"gemv n":            gemv(blas.NoTrans, 2, -3, 6, 3, 3, 1, 2, 1),
		"gemv lda":          gemv(blas.NoTrans, 2, 3, 6, 2, 3, 1, 2, 1),
		"gemv lda, no cols": gemv(blas.NoTrans, 2, 0, 6, 0, 3, 1, 2, 1),
		"gemv incX":         gemv(blas.NoTrans, 2, 3, 6, 3, 3, 0, 2, 1),
		"gemv incY":         gemv(blas.Trans, 2, 3, 6, 3, 3, 1, 3, 0),
		"gemv a":            gemv(blas.NoTrans, 2, 3, 5, 3, 3, 1, 2, 1),
		"gemv x":            gemv(blas.NoTrans, 2, 3, 6, 3, 2, 1, 2, 1),
		"gemv y":            gemv(blas.NoTrans, 2, 3, 6, 3, 3, 1, 1, 1),
		"gemv x, trans":     gemv(blas.Trans, 2, 3, 6, 3, 1, 1, 3, 1),
		"gemv y, trans":     gemv(blas.ConjTrans, 2, 3, 6, 3, 2, 1, 2, 1),
	} {
		run := func(impl blas.Float32) (message any) {
			defer func() { message = recover() }()
			call(impl)
			return nil
		}
		want := run(gonum.Implementation{})
		require.NotNil(t, want, name)
		require.Equal(t, want, run(Implementation{}), name)
	}
}

func TestSmallCallsAllocateNothing(t *testing.T) {
	x, y, a := make([]float32, 300), make([]float32, 300), make([]float32, 300*300)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		Implementation{}.Sdot(300, x, 1, y, 1)
		Implementation{}.Saxpy(300, 2, x, 1, y, 1)
		Implementation{}.Sgemv(blas.NoTrans, 300, 300, 1, a, 300, x, 1, 0, y, 1)
	}))
}
