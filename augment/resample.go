package augment

import (
	"math"

	"github.com/longtail-ml/longtail/dataset"
)

// resample makes the image the box of w×h pixels at (x, y), resized to width×height by PIL's bilinear filter, which
// averages over as many pixels as fall on one where it makes the box smaller (antialiasing). As in PIL, columns are
// resized first, and rounded to bytes, then rows.
func resample(img *dataset.Image, x, y, w, h, width, height int) {
	s := borrow()
	defer s.release()
	ch := img.Channels
	s.pix = sized(s.pix, h*width*ch)
	taps := s.taps(w, width)
	for row := range h {
		src, dst := img.Row(y + row)[x*ch:(x+w)*ch], s.pix[row*width*ch:(row+1)*width*ch]
		for i := range width {
			from, weights := taps.at(i)
			for c := range ch {
				dst[i*ch+c] = weighted(src[from*ch+c:], ch, weights)
			}
		}
	}
	img.Resize(dataset.Shape{Height: height, Width: width, Channels: ch})
	taps = s.taps(h, height)
	for i := range height {
		from, weights := taps.at(i)
		dst := img.Row(i)
		for at := range dst {
			dst[at] = weighted(s.pix[from*len(dst)+at:], len(dst), weights)
		}
	}
}

const fractionBits = 22 // of the weights, as in PIL

// weighted is the sum of the bytes v[0], v[stride], … by their weights, rounded and clipped.
func weighted(v []uint8, stride int, weights []int32) uint8 {
	sum := int32(1) << (fractionBits - 1)
	for k, w := range weights {
		sum += w * int32(v[k*stride])
	}
	return uint8(min(max(sum>>fractionBits, 0), 255))
}

// taps are, for each place of the result, the first place it is made from, how many, and their weights.
type taps struct {
	values []int32
	each   int // values of a place
}

func (t taps) at(i int) (from int, weights []int32) {
	v := t.values[i*t.each : (i+1)*t.each]
	return int(v[0]), v[2 : 2+v[1]]
}

// taps returns those of n places resized to m, in scratch memory.
func (s *scratch) taps(n, m int) taps {
	scale := float64(n) / float64(m)
	support := max(scale, 1)
	t := taps{each: 2*int(math.Ceil(support)) + 3}
	s.ints = sized(s.ints, m*t.each)
	t.values = s.ints
	for i := range m {
		center := (float64(i) + 0.5) * scale
		from, to := max(int(center-support+0.5), 0), min(int(center+support+0.5), n)
		triangle := func(place int) float64 { return max(1-math.Abs((float64(place)-center+0.5)/support), 0) }
		total := 0.0
		for place := from; place < to; place++ {
			total += triangle(place)
		}
		v := t.values[i*t.each : (i+1)*t.each]
		v[0], v[1] = int32(from), int32(to-from)
		for place := from; place < to; place++ {
			v[2+place-from] = int32(triangle(place)/total*(1<<fractionBits) + 0.5)
		}
	}
	return t
}
