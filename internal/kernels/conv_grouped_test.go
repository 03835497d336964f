package kernels

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// eachGroupedTap visits the (x, w, y) indices of every multiply-add, padding left out.
func eachGroupedTap(s Conv, groups int, visit func(x, w, y int)) {
	in, out := s.C/groups, s.O/groups
	one := s
	one.C, one.O = in, out
	for g := range groups {
		eachTap(one, func(x, w, y int) {
			visit(x/in*s.C+g*in+x%in, w/out*s.O+g*out+w%out, y/out*s.O+g*out+y%out)
		})
	}
}

func checkGrouped(t testing.TB, s Conv, groups int, withBias, add bool) {
	r := newRand(uint64(s.H*100 + s.C))
	nx, ny, nw := s.N*s.H*s.W*s.C, s.N*s.OutH()*s.OutW()*s.O, s.KH*s.KW*s.C/groups*s.O
	x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
	context := fmt.Sprintf("%+v in %d groups, add %v", s, groups, add)
	y, dx, dw := newGuarded(randoms(r, ny)), newGuarded(randoms(r, nx)), newGuarded(randoms(r, nw))
	wantY, wantDX, wantDW := make([]float64, ny), make([]float64, nx), toFloat64(dw.data)
	if add {
		wantDX = toFloat64(dx.data)
	}
	var bias []float32
	if withBias {
		bias = randoms(r, s.O)
		for i := range wantY {
			wantY[i] = float64(bias[i%s.O])
		}
	}
	eachGroupedTap(s, groups, func(i, j, k int) {
		wantY[k] += float64(x[i]) * float64(w[j])
		wantDX[i] += float64(dy[k]) * float64(w[j])
		wantDW[j] += float64(dy[k]) * float64(x[i])
	})
	GroupedConvForward(s, groups, x, w, bias, y.data)
	GroupedConvBackward(s, groups, dy, x, w, dx.data, add, dw.data)
	near(t, wantY, y.data, 5e-5, "forward ", context)
	near(t, wantDX, dx.data, 5e-5, "input gradient ", context)
	near(t, wantDW, dw.data, 1e-4, "weight gradient ", context)
	for _, g := range []guarded{y, dx, dw} {
		g.check(t)
	}
	// One gradient alone.
	only := append([]float32(nil), dw.data...)
	GroupedConvBackward(s, groups, dy, nil, w, dx.data, false, nil)
	GroupedConvBackward(s, groups, dy, x, nil, nil, false, only)
}

func TestGroupedConvAgainstDefinition(t *testing.T) {
	for _, c := range []struct {
		Conv
		groups int
	}{
		{Conv{N: 2, H: 5, W: 6, C: 12, KH: 3, KW: 3, O: 18, Stride: 1, Pad: 1}, 3},
		{Conv{N: 2, H: 6, W: 5, C: 64, KH: 3, KW: 3, O: 64, Stride: 2, Pad: 1}, 16},   // bundles of 8
		{Conv{N: 5, H: 14, W: 14, C: 64, KH: 3, KW: 3, O: 64, Stride: 1, Pad: 1}, 16}, // the same by Winograd
		{Conv{N: 1, H: 4, W: 4, C: 80, KH: 1, KW: 1, O: 160, Stride: 1, Pad: 0}, 2},   // groups too wide for a bundle
		{Conv{N: 2, H: 4, W: 4, C: 7, KH: 3, KW: 3, O: 14, Stride: 1, Pad: 1}, 7},     // a prime number of groups
		{Conv{N: 2, H: 5, W: 4, C: 70, KH: 3, KW: 1, O: 70, Stride: 1, Pad: 1}, 35},
		{Conv{N: 0, H: 5, W: 4, C: 6, KH: 3, KW: 3, O: 6, Stride: 1, Pad: 1}, 3},
		{Conv{N: 2, H: 7, W: 9, C: 5, KH: 3, KW: 3, O: 5, Stride: 1, Pad: 1}, 5}, // depthwise from here on
		{Conv{N: 2, H: 7, W: 6, C: 33, KH: 3, KW: 3, O: 33, Stride: 2, Pad: 1}, 33},
		{Conv{N: 1, H: 9, W: 8, C: 16, KH: 7, KW: 7, O: 16, Stride: 1, Pad: 3}, 16},
		{Conv{N: 1, H: 4, W: 4, C: 3, KH: 2, KW: 3, O: 3, Stride: 3, Pad: 0}, 3},
		{Conv{N: 2, H: 1, W: 1, C: 2, KH: 3, KW: 3, O: 2, Stride: 2, Pad: 3}, 2}, // windows that see only padding
		{Conv{N: 0, H: 5, W: 4, C: 3, KH: 3, KW: 3, O: 3, Stride: 1, Pad: 1}, 3},
	} {
		for _, add := range []bool{false, true} {
			checkGrouped(t, c.Conv, c.groups, add, add)
		}
	}
}

func TestGroupedConvRandomShapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(rt, name) }
		groups := size("groups", 1, 12)
		s := Conv{N: size("n", 0, 2), C: groups * size("in", 1, 4), O: groups * size("out", 1, 4),
			KH: size("kh", 1, 4), KW: size("kw", 1, 4), Stride: size("stride", 1, 3), Pad: size("pad", 0, 3)}
		s.H, s.W = size("h", max(1, s.KH-2*s.Pad), 8), size("w", max(1, s.KW-2*s.Pad), 8)
		checkGrouped(t, s, groups, size("bias", 0, 1) == 1, size("add", 0, 1) == 1)
	})
}

func TestGroupedConvSameBits(t *testing.T) {
	for _, c := range []struct {
		Conv
		groups int
	}{
		{Conv{N: 3, H: 14, W: 14, C: 32, KH: 3, KW: 3, O: 32, Stride: 1, Pad: 1}, 8},
		{Conv{N: 3, H: 20, W: 20, C: 24, KH: 3, KW: 3, O: 24, Stride: 2, Pad: 1}, 24},
		{Conv{N: 3, H: 40, W: 20, C: 24, KH: 3, KW: 3, O: 24, Stride: 1, Pad: 1}, 24},
	} {
		s, r := c.Conv, newRand(2)
		nx, ny, nw := s.N*s.H*s.W*s.C, s.N*s.OutH()*s.OutW()*s.O, s.KH*s.KW*s.C/c.groups*s.O
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		sameBits(t, func() []float32 {
			y, dx, dw := make([]float32, ny), make([]float32, nx), make([]float32, nw)
			GroupedConvForward(s, c.groups, x, w, nil, y)
			GroupedConvBackward(s, c.groups, dy, x, w, dx, false, dw)
			return append(append(y, dx...), dw...)
		})
	}
}

// A value that is not finite reaches the outputs that see it, and no other pixel.
func TestGroupedConvNonFinite(t *testing.T) {
	for _, groups := range []int{4, 2} { // depthwise, and in a bundle
		s := Conv{N: 1, H: 5, W: 5, C: 4, KH: 3, KW: 3, O: 4, Stride: 1, Pad: 1}
		r := newRand(9)
		x, w, y := randoms(r, 100), randoms(r, 9*4/groups*4), make([]float32, 100)
		x[0] = nan32
		GroupedConvForward(s, groups, x, w, nil, y)
		for i, v := range y {
			seen := i/20 < 2 && i/4%5 < 2
			if i%4 < 4/groups {
				require.Equal(t, seen, v != v, "groups %d, value %d", groups, i)
			} else if !seen {
				require.True(t, v == v, "groups %d, value %d", groups, i)
			}
		}
	}
}

func BenchmarkGroupedConv(b *testing.B) {
	for _, c := range []struct {
		Conv
		groups int
	}{
		{Conv{N: 4, H: 56, W: 56, C: 128, KH: 3, KW: 3, O: 128, Stride: 1, Pad: 1}, 32},
		{Conv{N: 4, H: 28, W: 28, C: 256, KH: 3, KW: 3, O: 256, Stride: 1, Pad: 1}, 32},
		{Conv{N: 4, H: 14, W: 14, C: 512, KH: 3, KW: 3, O: 512, Stride: 1, Pad: 1}, 32},
		{Conv{N: 4, H: 28, W: 28, C: 128, KH: 3, KW: 3, O: 128, Stride: 1, Pad: 1}, 128},
		{Conv{N: 4, H: 56, W: 56, C: 128, KH: 3, KW: 3, O: 128, Stride: 2, Pad: 1}, 128},
	} {
		s, r := c.Conv, newRand(1)
		nx, ny, nw := s.N*s.H*s.W*s.C, s.N*s.OutH()*s.OutW()*s.O, s.KH*s.KW*s.C/c.groups*s.O
		x, w, y, dx, dw := randoms(r, nx), randoms(r, nw), randoms(r, ny), make([]float32, nx), make([]float32, nw)
		name := fmt.Sprintf("%dx%d_%d_g%d_s%d", s.H, s.W, s.C, c.groups, s.Stride)
		for _, kernel := range []struct {
			name string
			run  func()
		}{
			{"forward", func() { GroupedConvForward(s, c.groups, x, w, nil, y) }},
			{"input", func() { GroupedConvBackward(s, c.groups, y, nil, w, dx, false, nil) }},
			{"weights", func() { GroupedConvBackward(s, c.groups, y, x, nil, nil, false, dw) }},
		} {
			b.Run(name+"/"+kernel.name, func(b *testing.B) {
				for b.Loop() {
					kernel.run()
				}
				reportFlops(b, s.MACs()/int64(c.groups))
			})
		}
	}
}
