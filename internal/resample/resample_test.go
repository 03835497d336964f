package resample

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func apply(p Plan, src []uint8, width, channels int) []uint8 {
	dst := make([]uint8, p.Keep.Dx()*p.Keep.Dy()*channels)
	p.Apply(src, width, channels, func() []uint8 { return dst })
	return dst
}

// plain is the definition in float64, rounded once between columns and rows as PIL does.
func plain(p Plan, src []uint8, width, channels int) []float64 {
	line := func(n, m, at int, value func(int) float64) float64 {
		scale := float64(n) / float64(m)
		stretch := max(scale, 1)
		center, sum, total := (float64(at)+0.5)*scale, 0.0, 0.0
		for i := range n {
			x := math.Abs((float64(i) + 0.5 - center) / stretch)
			w := 0.0
			switch {
			case p.Filter == Bilinear && x < 1:
				w = 1 - x
			case p.Filter == Bicubic && x < 1:
				w = 1.5*x*x*x - 2.5*x*x + 1
			case p.Filter == Bicubic && x < 2:
				w = -0.5*x*x*x + 2.5*x*x - 4*x + 2
			}
			sum, total = sum+w*value(i), total+w
		}
		return min(max(sum/total, 0), 255)
	}
	var out []float64
	for y := p.Keep.Min.Y; y < p.Keep.Max.Y; y++ {
		for x := p.Keep.Min.X; x < p.Keep.Max.X; x++ {
			for c := range channels {
				out = append(out, line(p.From.Dy(), p.To.Y, y, func(row int) float64 {
					return math.Round(line(p.From.Dx(), p.To.X, x, func(column int) float64 {
						return float64(src[((p.From.Min.Y+row)*width+p.From.Min.X+column)*channels+c])
					}))
				}))
			}
		}
	}
	return out
}

func TestApplyIsTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		w, h, ch := 1+rng.IntN(40), 1+rng.IntN(40), 1+rng.IntN(4)
		src := make([]uint8, w*h*ch)
		for i := range src {
			src[i] = uint8(rng.IntN(256))
		}
		part := func(w, h int) image.Rectangle {
			x, y := rng.IntN(w), rng.IntN(h)
			return image.Rect(x, y, x+1+rng.IntN(w-x), y+1+rng.IntN(h-y))
		}
		p := Plan{From: part(w, h), To: image.Pt(1+rng.IntN(60), 1+rng.IntN(60)), Filter: Filter(rng.IntN(2))}
		p.Keep = part(p.To.X, p.To.Y)
		got, want := apply(p, src, w, ch), plain(p, src, w, ch)
		for i := range want {
			// A half is rounded either way between columns and rows, and a weight of the rows is at most 1.3.
			require.InDelta(t, want[i], float64(got[i]), 2.001, "%+v of %d×%d×%d at %d", p, h, w, ch, i)
		}
	}
}

func TestSameSizeIsACopy(t *testing.T) {
	src := make([]uint8, 7*5*3)
	for i := range src {
		src[i] = uint8(37 * i)
	}
	all := image.Rect(0, 0, 7, 5)
	for _, f := range []Filter{Bilinear, Bicubic} {
		require.Equal(t, src, apply(Plan{From: all, To: all.Max, Keep: all, Filter: f}, src, 7, 3))
	}
}

// What is kept of a picture does not depend on how much of it is kept, nor on whether it is written over the source.
func TestKeepingAPart(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	src := make([]uint8, 90*70*3)
	for i := range src {
		src[i] = uint8(rng.IntN(256))
	}
	for _, f := range []Filter{Bilinear, Bicubic} {
		p := Plan{From: image.Rect(3, 4, 88, 69), To: image.Pt(40, 31), Keep: image.Rect(0, 0, 40, 31), Filter: f}
		whole := apply(p, src, 90, 3)
		p.Keep = image.Rect(9, 5, 30, 29)
		part := apply(p, src, 90, 3)
		for y := range p.Keep.Dy() {
			at := ((y+5)*40 + 9) * 3
			require.Equal(t, whole[at:at+21*3], part[y*21*3:(y+1)*21*3])
		}
		over := append([]uint8{}, src...)
		p.Apply(over, 90, 3, func() []uint8 { return over })
		require.Equal(t, part, over[:len(part)])
	}
}

func TestOvershootIsClipped(t *testing.T) {
	src := []uint8{0, 0, 0, 255, 255, 255}
	p := Plan{From: image.Rect(0, 0, 6, 1), To: image.Pt(60, 1), Keep: image.Rect(0, 0, 60, 1), Filter: Bicubic}
	got := apply(p, src, 6, 1)
	require.Equal(t, uint8(0), got[20])
	require.Equal(t, uint8(255), got[39])
}

func TestShorter(t *testing.T) {
	require.Equal(t, image.Pt(341, 256), Shorter(500, 375, 256, 1<<26))
	require.Equal(t, image.Pt(256, 341), Shorter(375, 500, 256, 1<<26))
	require.Equal(t, image.Pt(25, 2), Shorter(100_000, 8000, 2, 1<<26))
	for _, size := range [][2]int{{1 << 28, 1}, {1, 1 << 28}, {1 << 14, 1}, {1 << 13, 1 << 10}} {
		got := Shorter(size[0], size[1], 1<<13, 1<<20)
		require.LessOrEqual(t, got.X*got.Y, 1<<20)
		require.Positive(t, min(got.X, got.Y))
	}
}

func BenchmarkApply(b *testing.B) {
	src, dst := make([]uint8, 500*375*3), make([]uint8, 224*224*3)
	p := Plan{From: image.Rect(0, 0, 500, 375), To: image.Pt(224, 224), Keep: image.Rect(0, 0, 224, 224)}
	for b.Loop() {
		p.Apply(src, 500, 3, func() []uint8 { return dst })
	}
}
