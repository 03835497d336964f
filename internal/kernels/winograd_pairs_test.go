package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Transforms in pairs are those of float32, rounded, to the bit.
func TestWinogradTransformsInPairs(t *testing.T) {
	for _, c := range []int{8, 16, 30, 48, 64} {
		for _, tiles := range []int{1, 2, 3, 8} {
			for right := range 3 {
				r := newRand(uint64(c * tiles))
				pixels, deep := 2*tiles+1-right, roundUp(c, 16)
				var lines [4][]float32
				for i := range lines {
					lines[i] = randoms(r, pixels*c)
				}
				check := func(whole func(dst []float32, plane, tile int), pairs func(dst []float32, plane, tile int)) {
					t.Helper()
					plane := planeSize(tiles, deep)
					want, got, unpacked := make([]float32, 16*plane), newGuarded(make([]float32, 16*plane/2)), make([]float32, 16*plane)
					whole(want, plane, deep)
					pairs(got.data, plane/2, deep/2)
					FromBFloat16(unpacked, got.data)
					for i, v := range want {
						same(t, nearest(v), unpacked[i], "%d channels, %d tiles: %d", c, tiles, i)
					}
					got.check(t)
				}
				check(func(dst []float32, plane, tile int) { winogradInput(lines, c, dst, plane, tile, tiles, right) },
					func(dst []float32, plane, tile int) { winogradInputPairs(lines, c, dst, plane, tile, tiles, right) })
				y0, y1 := randoms(r, 2*tiles*c), randoms(r, 2*tiles*c)
				check(func(dst []float32, plane, tile int) { winogradGradient(y0, y1, c, dst, plane, tile, tiles) },
					func(dst []float32, plane, tile int) { winogradGradientPairs(y0, y1, c, dst, plane, tile, tiles) })
			}
		}
	}
}

// Products of planes have the bits of the definition of pairs.
func TestWinogradProductsOfPairs(t *testing.T) {
	for _, depth := range []int{1, 3, 4, 8, 17} {
		for vecs := 1; vecs <= 2; vecs++ {
			if current.lanes == 1 && vecs == 2 {
				continue
			}
			const blocks = 2
			width, rows := vecs*current.lanes, blocks*winogradBlock(vecs)
			ldv, ldm := depth+3, width+5
			v, u := pairsOf(t, 1, 16*(rows*ldv+16)), pairsOf(t, 2, 16*(depth*width+1))
			m := newGuarded(randoms(newRand(1), 16*(rows*ldm+7)))
			want := append([]float32(nil), m.data...)
			for p := range 16 {
				for i := range rows {
					for j := range width {
						var sum float32
						for k := range depth {
							sum = addPairs(sum, v[p*(rows*ldv+16)+i*ldv+k], u[p*(depth*width+1)+k*width+j])
						}
						want[p*(rows*ldm+7)+i*ldm+j] = sum
					}
				}
			}
			winogradProductPairs(v, u, m.data, blocks, depth, ldv, ldm, rows*ldv+16, depth*width+1, rows*ldm+7, 16, vecs)
			for i := range want {
				same(t, want[i], m.data[i], "depth %d, %d vectors: %d", depth, vecs, i)
			}
			m.check(t)

			tiles, lda, ldw := depth, rows+3, width+5
			a, w := pairsOf(t, 3, 16*(tiles*lda+1)), pairsOf(t, 4, 16*(tiles*ldw+2))
			du := newGuarded(randoms(newRand(2), 16*(rows*width+3)))
			want = append([]float32(nil), du.data...)
			for p := range 16 {
				for i := range rows {
					for j := range width {
						var sum float32
						for k := range tiles {
							sum = addPairs(sum, a[p*(tiles*lda+1)+k*lda+i], w[p*(tiles*ldw+2)+k*ldw+j])
						}
						want[p*(rows*width+3)+i*width+j] += sum
					}
				}
			}
			winogradOuterPairs(a, w, du.data, tiles, blocks, lda, ldw, tiles*lda+1, tiles*ldw+2, rows*width+3, 16, vecs)
			for i := range want {
				same(t, want[i], du.data[i], "%d tiles, %d vectors: %d", tiles, vecs, i)
			}
			du.check(t)
		}
	}
}

// Every shape that goes by Winograd's algorithm is near the convolution of float32, for all three passes.
func TestWinogradOfBFloat16(t *testing.T) {
	for _, s := range winogradShapes {
		s.KH, s.KW, s.Stride, s.Pad = 3, 3, 1, 1
		r := newRand(3)
		nx, nw, ny := s.lens()
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		run := func(s Conv) (out [3][]float32) {
			y, dx, dw := newGuarded(make([]float32, ny)), newGuarded(make([]float32, nx)), newGuarded(make([]float32, nw))
			ConvForward(s, x, w, nil, y.data)
			ConvBackward(s, dy, nil, nil, x, w, dx.data, false, dw.data)
			for _, g := range []guarded{y, dx, dw} {
				g.check(t)
			}
			return [3][]float32{y.data, dx.data, dw.data}
		}
		want := run(s)
		s.BFloat16 = true
		got := run(s)
		for i := range want {
			var square, wrong float64
			for j, v := range want[i] {
				square += float64(v) * float64(v)
				wrong += float64(v-got[i][j]) * float64(v-got[i][j])
			}
			require.Less(t, wrong, 0.01*0.01*square, "pass %d of %+v", i, s)
		}
	}
}
