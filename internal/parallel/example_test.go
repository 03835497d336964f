package parallel_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/internal/parallel"
)

func ExampleFor() {
	squares := make([]int, 5)
	parallel.For(len(squares), func(i int) { squares[i] = i * i })
	fmt.Println(squares)
	// Output: [0 1 4 9 16]
}

func ExampleRange() {
	const n, size = 10, 4
	partial := make([]int, 3)
	parallel.Range(n, size, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			partial[lo/size] += i
		}
	})
	fmt.Println(partial)
	// Output: [6 22 17]
}
