package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTranspose(t *testing.T) {
	for _, rows := range []int{1, 2, 15, 16, 17, 33, 300} {
		for _, cols := range []int{1, 3, 16, 31, 64, 200} {
			x := randoms(newRand(1), rows*cols)
			y := newGuarded(make([]float32, rows*cols))
			transpose(y.data, rows, x, cols, rows, cols)
			for r := range rows {
				for c := range cols {
					require.Equal(t, x[r*cols+c], y.data[c*rows+r])
				}
			}
			y.check(t)
		}
	}
}
