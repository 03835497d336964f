package blas

import (
	"testing"

	"gonum.org/v1/gonum/blas/testblas"
)

// gonum's tests of its double-precision routines, whose cases also go through the single-precision ones.

func TestGonumCases(t *testing.T) {
	var worst float64
	c := checked{t: t, most: 1, worst: &worst}
	t.Run("Sdot", func(t *testing.T) { testblas.DdotTest(t, c) })
	t.Run("Saxpy", func(t *testing.T) { testblas.DaxpyTest(t, c) })
	t.Run("Sgemv", func(t *testing.T) { testblas.DgemvTest(t, c) })
	t.Run("Sgemm", func(t *testing.T) { testblas.TestDgemm(t, c) })
	t.Logf("largest error: %.2f epsilons", worst)
}
