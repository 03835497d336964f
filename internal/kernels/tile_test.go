package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTileSteps(t *testing.T) {
	size := current.tile
	for n := 1; n < 3*size.rows; n++ {
		step := size.step(n)
		require.Positive(t, step)
		require.LessOrEqual(t, step, min(n, size.rows))
	}
	require.Equal(t, size.cols/2, size.panel(1))
	require.Equal(t, size.cols, size.panel(size.cols))
	require.Equal(t, 3*size.cols/2, size.padded(size.cols+1))
}

// Every height and width of a tile, with and without adding, rows out of order and runs that overlap.
func TestRowProductAgainstDefinition(t *testing.T) {
	size := current.tile
	const segs, segLen, segStep = 3, 5, 4
	r := newRand(1)
	for rows := 1; rows <= 2*size.rows+1; rows++ {
		for cols := 1; cols <= size.cols; cols++ {
			const rowStep = 7
			a := newGuarded(randoms(r, rows*rowStep+segs*segStep+segLen))
			b := randoms(r, segs*segLen*size.cols)
			ldc := cols + 3
			c := newGuarded(randoms(r, rows*ldc))
			aoff, coff := make([]int, rows), make([]int, rows)
			want := toFloat64(c.data)
			p := rowProduct{
				a: a.data, segs: segs, segLen: segLen, segStep: segStep, panel: b, c: c.data, cols: cols,
				alpha: -0.5, add: rows%2 == 0,
			}
			for i := range rows {
				aoff[i], coff[i] = (rows-1-i)*rowStep, i*ldc
				for j := range cols {
					var sum float64
					for k := range segs * segLen {
						sum += float64(a.data[aoff[i]+k/segLen*segStep+k%segLen]) * float64(b[k*size.panel(cols)+j])
					}
					if !p.add {
						want[coff[i]+j] = 0
					}
					want[coff[i]+j] -= 0.5 * sum
				}
			}
			p.run(aoff, coff)
			near(t, want, c.data, 1e-5, rows, "x", cols)
			c.check(t)
		}
	}
}

func TestColProductAgainstDefinition(t *testing.T) {
	size := current.tile
	const segs, segLen, stepA, stepB = 3, 5, 4, 70
	r := newRand(2)
	for rows := 1; rows <= 4*size.rows+1; rows++ {
		for cols := 1; cols <= size.cols; cols++ {
			const segA, segB = 3, segLen*stepB + 1
			a, b := randoms(r, segs*segA+segLen*stepA+rows), randoms(r, segs*segB-stepB+cols)
			ldc := cols + 3
			c := newGuarded(randoms(r, rows*ldc))
			want := toFloat64(c.data)
			p := colProduct{
				a: a, b: b, segs: segs, segLen: segLen, segA: segA, segB: segB, stepA: stepA, stepB: stepB,
				c: c.data, ldc: ldc, cols: cols, alpha: 2, add: rows%2 == 0,
			}
			for i := range rows {
				for j := range cols {
					var sum float64
					for k := range segs * segLen {
						s, k := k/segLen, k%segLen
						sum += float64(a[s*segA+k*stepA+i]) * float64(b[s*segB+k*stepB+j])
					}
					if !p.add {
						want[i*ldc+j] = 0
					}
					want[i*ldc+j] += 2 * sum
				}
			}
			p.run(rows)
			near(t, want, c.data, 1e-5, rows, "x", cols)
			c.check(t)
		}
	}
}
