package kernels

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// shapes of rows×channels arrays: empty, single, odd, and more rows than fit one chunk.
var rowShapes = [][2]int{{0, 3}, {1, 1}, {5, 0}, {3, 7}, {70, 13}, {1, 40000}, {5000, 17}, {300, 8}, {300, 16}, {300, 31}, {99, 64}, {99, 100}, {99, 135}, {70000, 2}}

func TestChannelSums(t *testing.T) {
	for _, s := range rowShapes {
		rows, c := s[0], s[1]
		x := randoms(newRand(1), rows*c)
		wantSum, wantSq := make([]float64, c), make([]float64, c)
		for i, v := range x {
			wantSum[i%c] += float64(v)
			wantSq[i%c] += float64(v) * float64(v)
		}
		sum, sq := randoms64(c), randoms64(c)
		ChannelSums(x, rows, c, sum, sq)
		require.InDeltaSlice(t, wantSum, sum, 1e-8, "%v", s)
		require.InDeltaSlice(t, wantSq, sq, 1e-8, "%v", s)
	}
}

// randoms64 is content that must be overwritten.
func randoms64(n int) []float64 { return toFloat64(randoms(newRand(77), n)) }

func TestChannelSumsOfLargeMean(t *testing.T) {
	const rows = 100000
	x := make([]float32, rows)
	Fill(x, 4096.25)
	sum, sq := make([]float64, 1), make([]float64, 1)
	ChannelSums(x, rows, 1, sum, sq)
	require.Equal(t, 4096.25*rows, sum[0])
	require.Equal(t, 4096.25*4096.25*rows, sq[0])
}

func TestScaleShift(t *testing.T) {
	for _, s := range rowShapes {
		rows, c := s[0], s[1]
		r := newRand(2)
		x, scale, shift, short := randoms(r, rows*c), randoms(r, c), randoms(r, c), randoms(r, rows*c)
		for _, relu := range []bool{false, true} {
			for _, shortcut := range [][]float32{nil, short} {
				want := make([]float64, rows*c)
				for i := range want {
					want[i] = float64(x[i])*float64(scale[i%c]) + float64(shift[i%c])
					if shortcut != nil {
						want[i] += float64(shortcut[i])
					}
					if relu {
						want[i] = max(want[i], 0)
					}
				}
				y := newGuarded(make([]float32, rows*c))
				ScaleShift(y.data, x, scale, shift, shortcut, rows, c, relu)
				near(t, want, y.data, 1e-5, s, relu)
				y.check(t)
				in := slices.Clone(x)
				ScaleShift(in, in, scale, shift, shortcut, rows, c, relu)
				require.Equal(t, y.data, in, "in place")
			}
		}
	}
}

func TestScaleShiftNonFinite(t *testing.T) {
	x := []float32{nan32, inf32, ninf32}
	y := make([]float32, 3)
	ScaleShift(y, x, []float32{1}, []float32{0}, nil, 3, 1, true)
	near(t, []float64{float64(nan32), float64(inf32), 0}, y, 0)
}

func TestBatchNormGradSums(t *testing.T) {
	for _, s := range rowShapes {
		rows, c := s[0], s[1]
		r := newRand(3)
		g, x, mean := newGuarded(randoms(r, rows*c)), randoms(r, rows*c), randoms(r, c)
		y := make([]float32, rows*c)
		Relu(y, randoms(r, rows*c))
		scale, shift, normed := randoms(r, c), randoms(r, c), make([]float32, rows*c)
		ScaleShift(normed, x, scale, shift, nil, rows, c, true)
		for _, mask := range [][]float32{nil, normed, y} {
			wantG := slices.Clone(g.data)
			sumG, sumGX := make([]float64, c), make([]float64, c)
			for i, v := range wantG {
				if mask != nil && !(mask[i] > 0) {
					v = 0
					if &mask[0] == &y[0] {
						wantG[i] = 0
					}
				}
				sumG[i%c] += float64(v)
				sumGX[i%c] += float64(v) * float64(x[i]-mean[i%c])
			}
			gotG, gotGX := randoms64(c), randoms64(c)
			if mask != nil && len(mask) > 0 && &mask[0] == &normed[0] {
				BatchNormGradSums(g.data, nil, x, mean, scale, shift, rows, c, gotG, gotGX)
			} else {
				BatchNormGradSums(g.data, mask, x, mean, nil, nil, rows, c, gotG, gotGX)
			}
			require.Equal(t, wantG, g.data)
			require.InDeltaSlice(t, sumG, gotG, 1e-8, "%v", s)
			require.InDeltaSlice(t, sumGX, gotGX, 1e-8, "%v", s)
			g.check(t)
		}
	}
}

func TestNormGradInput(t *testing.T) {
	for _, s := range rowShapes {
		for _, masked := range []bool{false, true} {
			rows, c := s[0], s[1]
			r := newRand(4)
			g, x := randoms(r, rows*c), randoms(r, rows*c)
			n := Norm{Mean: randoms(r, c), K1: randoms(r, c), K2: randoms(r, c), K3: randoms(r, c)}
			y := make([]float32, rows*c)
			if masked {
				n.Scale, n.Shift = randoms(r, c), randoms(r, c)
				ScaleShift(y, x, n.Scale, n.Shift, nil, rows, c, true)
			}
			want := make([]float64, rows*c)
			for i := range want {
				j := i % c
				want[i] = float64(n.K2[j])*float64(x[i]-n.Mean[j]) + float64(n.K3[j])
				if !masked || y[i] > 0 {
					want[i] += float64(n.K1[j]) * float64(g[i])
				}
			}
			dx := newGuarded(make([]float32, rows*c))
			n.GradInput(dx.data, g, x, rows, c)
			near(t, want, dx.data, 1e-5, s)
			dx.check(t)
			in := slices.Clone(x)
			n.GradInput(in, g, in, rows, c)
			require.Equal(t, dx.data, in, "in place")
		}
	}
}

func TestBatchNormSameBits(t *testing.T) {
	const rows, c = 9001, 13
	r := newRand(5)
	g, x, mean := randoms(r, rows*c), randoms(r, rows*c), randoms(r, c)
	sameBits(t, func() []float32 {
		a, b, d, e := make([]float64, c), make([]float64, c), make([]float64, c), make([]float64, c)
		ChannelSums(x, rows, c, a, b)
		BatchNormGradSums(g, nil, x, mean, nil, nil, rows, c, d, e)
		low := make([]float32, 0, 4*c) // the difference to float32 shows the low bits
		for _, sums := range [][]float64{a, b, d, e} {
			for _, v := range sums {
				low = append(low, float32(v), float32(v-float64(float32(v))))
			}
		}
		return low
	})
}

func BenchmarkBatchNorm(b *testing.B) {
	for _, c := range []int{16, 64} {
		rows := 32 * 32 * 32 * 16 / c
		r := newRand(1)
		x, y, g := randoms(r, rows*c), randoms(r, rows*c), randoms(r, rows*c)
		v, s, q := randoms(r, c), make([]float64, c), make([]float64, c)
		for _, kernel := range []struct {
			name string
			run  func()
		}{
			{"sums", func() { ChannelSums(x, rows, c, s, q) }},
			{"scaleshift", func() { ScaleShift(y, x, v, v, g, rows, c, true) }},
			{"gradsums", func() { BatchNormGradSums(g, y, x, v, nil, nil, rows, c, s, q) }},
			{"gradinput", func() { Norm{Mean: v, K1: v, K2: v, K3: v}.GradInput(y, g, x, rows, c) }},
		} {
			b.Run(fmt.Sprintf("%d/%s", c, kernel.name), func(b *testing.B) {
				for b.Loop() {
					kernel.run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows*c), "ns/element")
			})
		}
	}
}
