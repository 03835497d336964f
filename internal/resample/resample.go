// Package resample resizes pictures of bytes by PIL's arithmetic: columns first, rounded to bytes, then rows, with weights in
// fixed point. Making a picture smaller averages over as many pixels as fall on one (antialiasing).
package resample

import (
	"image"
	"math"
	"sync"
)

// Filter says how pixels are weighed.
type Filter int

const (
	Bilinear Filter = iota // a triangle, PIL's BILINEAR
	Bicubic                // Catmull-Rom's curve, a = −½, PIL's BICUBIC
)

// Plan says what is made of a picture.
type Plan struct {
	From   image.Rectangle // the part of the picture that is seen, not empty
	To     image.Point     // the size that it is brought to
	Keep   image.Rectangle // the part of that which is made; pixels outside are not computed
	Filter Filter
}

// Apply makes the picture of p from src, rows of width pixels of some channels each. What is made is written to the first
// bytes of what room returns, which is called once src has been read, so that it may be the same memory.
func (p Plan) Apply(src []uint8, width, channels int, room func() []uint8) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	columns := s.columns.of(p.From.Dx(), p.To.X, p.Keep.Min.X, p.Keep.Max.X, p.Filter)
	rows := s.rows.of(p.From.Dy(), p.To.Y, p.Keep.Min.Y, p.Keep.Max.Y, p.Filter)
	first, last := rows.span()
	stride := p.Keep.Dx() * channels
	s.pix = sized(s.pix, (last-first)*stride)
	for y := first; y < last; y++ {
		from := ((p.From.Min.Y+y)*width + p.From.Min.X) * channels
		columns.row(s.pix[(y-first)*stride:(y-first+1)*stride], src[from:from+p.From.Dx()*channels], channels)
	}
	s.sums = sized(s.sums, stride)
	dst := room()
	for i := range p.Keep.Dy() {
		at, weights := rows.at(i)
		mix(dst[i*stride:(i+1)*stride], s.pix[(at-first)*stride:], weights, s.sums)
	}
}

// Shorter is the size of a picture of w×h pixels, at least one, whose shorter side is brought to side, the longer in proportion
// and truncated, as torchvision does it. A picture so long that it would pass most pixels becomes smaller.
func Shorter(w, h, side, most int) image.Point {
	if long := float64(max(w, h)) / float64(min(w, h)); float64(side)*float64(side)*long > float64(most) {
		side = max(1, int(math.Sqrt(float64(most)/long)))
	}
	longer := min(int(int64(side)*int64(max(w, h))/int64(min(w, h))), most)
	if w < h {
		return image.Pt(side, longer)
	}
	return image.Pt(longer, side)
}

// row makes a row of other width.
func (t *taps) row(dst, src []uint8, channels int) {
	if channels == 3 {
		t.row3(dst, src)
		return
	}
	for i := range len(dst) / channels {
		from, weights := t.at(i)
		for c := range channels {
			sum := int32(half)
			for k, w := range weights {
				sum += w * int32(src[(from+k)*channels+c])
			}
			dst[i*channels+c] = clip(sum)
		}
	}
}

// row3 does color pictures.
func (t *taps) row3(dst, src []uint8) {
	for i := 0; len(dst) >= 3; i++ {
		from, weights := t.at(i)
		r, g, b := int32(half), int32(half), int32(half)
		s := src[3*from:]
		for _, w := range weights {
			if len(s) < 3 {
				break
			}
			r += w * int32(s[0])
			g += w * int32(s[1])
			b += w * int32(s[2])
			s = s[3:]
		}
		dst[0], dst[1], dst[2] = clip(r), clip(g), clip(b)
		dst = dst[3:]
	}
}

// mix makes a row from those that begin at rows.
func mix(dst, rows []uint8, weights, sums []int32) {
	n := len(dst)
	if len(weights) == 1 && weights[0] == 1<<bits {
		copy(dst, rows[:n])
		return
	}
	sums = sums[:n]
	for i := range sums {
		sums[i] = half
	}
	for ; len(weights) >= 2; weights = weights[2:] {
		w, v := weights[0], weights[1]
		a, b := rows[:n], rows[n:2*n]
		for i := range sums {
			sums[i] += w*int32(a[i]) + v*int32(b[i])
		}
		rows = rows[2*n:]
	}
	if len(weights) == 1 {
		w, a := weights[0], rows[:n]
		for i := range sums {
			sums[i] += w * int32(a[i])
		}
	}
	for i, sum := range sums {
		dst[i] = clip(sum)
	}
}

const (
	bits = 22 // of weights behind the point, as in PIL
	half = 1 << (bits - 1)
)

func clip(sum int32) uint8 {
	v := sum >> bits
	if uint32(v) > 255 {
		v = ^v >> 31 & 255 // 0 below, 255 above
	}
	return uint8(v)
}

// taps are, for each place of the result, the first place it is made from, and the weights from there on.
type taps struct {
	each    int // weights that there is room for
	first   []int32
	count   []int32
	weights []int32
	exact   []float64 // of one place, while they are found
}

func (t *taps) at(i int) (from int, weights []int32) {
	return int(t.first[i]), t.weights[i*t.each : i*t.each+int(t.count[i])]
}

// span is the range of the places that any is made from.
func (t *taps) span() (from, to int) {
	from = math.MaxInt
	for i, f := range t.first {
		from, to = min(from, int(f)), max(to, int(f+t.count[i]))
	}
	return min(from, to), to
}

// of finds those of the places keepFrom to keepTo of n places resized to m.
func (t *taps) of(n, m, keepFrom, keepTo int, f Filter) *taps {
	scale := float64(n) / float64(m)
	stretch := max(scale, 1)
	support, weigh := stretch, triangle
	if f == Bicubic {
		support, weigh = 2*stretch, catmullRom
	}
	t.each = 2*int(math.Ceil(support)) + 1
	kept := keepTo - keepFrom
	t.first, t.count, t.weights = sized(t.first, kept), sized(t.count, kept), sized(t.weights, kept*t.each)
	t.exact = sized(t.exact, t.each)
	fixed := func(w float64) int32 { return int32(math.Round(w * (1 << bits))) }
	for i := range kept {
		center := (float64(keepFrom+i) + 0.5) * scale
		from, to := max(int(center-support+0.5), 0), min(int(center+support+0.5), n)
		exact, total := t.exact[:to-from], 0.0
		for k := range exact {
			exact[k] = weigh((float64(from+k) - center + 0.5) / stretch)
			total += exact[k]
		}
		for len(exact) > 1 && fixed(exact[0]/total) == 0 { // no part of the sum
			exact = exact[1:]
			from++
		}
		for len(exact) > 1 && fixed(exact[len(exact)-1]/total) == 0 {
			exact = exact[:len(exact)-1]
		}
		t.first[i], t.count[i] = int32(from), int32(len(exact))
		for k, w := range exact {
			t.weights[i*t.each+k] = fixed(w / total)
		}
	}
	return t
}

func triangle(x float64) float64 { return max(1-math.Abs(x), 0) }

func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}

// scratch is memory that calls borrow.
type scratch struct {
	pix           []uint8
	sums          []int32
	columns, rows taps
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// sized returns v with length n, keeping its memory where it is large enough; the values are undefined.
func sized[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}
