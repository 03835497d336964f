package blas_test

import (
	"fmt"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"

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

// One line makes it the BLAS of all of blas32.
func ExampleImplementation_use() {
	blas32.Use(blas.Implementation{})
	defer blas32.Use(gonum.Implementation{}) // the one it starts with

	x := blas32.Vector{N: 3, Inc: 1, Data: []float32{1, 2, 3}}
	y := blas32.Vector{N: 3, Inc: 1, Data: []float32{4, 5, 6}}
	fmt.Println(blas32.Dot(x, y))
	// Output: 32
}
