package blas_test

import (
	"fmt"

	gonumblas "gonum.org/v1/gonum/blas"

	"github.com/longtail-ml/longtail/blas"
)

func ExampleImplementation() {
	var impl gonumblas.Float32 = blas.Implementation{}
	a := []float32{1, 2, 3, 4} // 2×2
	b := []float32{5, 6, 7, 8} // 2×2
	c := make([]float32, 4)
	impl.Sgemm(gonumblas.NoTrans, gonumblas.Trans, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2)
	fmt.Println(c)
	// Output: [17 23 39 53]
}
