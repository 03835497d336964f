package kernels

import (
	"math"
	"unsafe"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// MaxPool sets y [n, outH, outW, c] to the maxima over windows of k×k pixels of x [n, h, w, c]; outH and outW are as
// OutSize gives them. argmax, of y's shape, gets the pixel y·w+x of its image that the maximum came from: the first of
// equal ones. It may be nil. Padding never wins, a NaN always does. A window that lies wholly in the padding gives −Inf and argmax −1.
func MaxPool(x []float32, n, h, w, c, k, stride, pad int, y []float32, argmax []int32) {
	outH, outW := OutSize(h, k, stride, pad), OutSize(w, k, stride, pad)
	parallel.For(n*outH, func(line int) {
		spare := getScratch(c)
		defer putScratch(spare)
		image := x[line/outH*h*w*c:][:h*w*c]
		top := line%outH*stride - pad
		for ox := range outW {
			left := ox*stride - pad
			at := (line*outW + ox) * c
			best, arg := y[at:at+c], Int32s(spare.data)
			if argmax != nil {
				arg = argmax[at : at+c]
			}
			found := false
			for py := max(top, 0); py < min(top+k, h); py++ {
				for px := max(left, 0); px < min(left+k, w); px++ {
					pixel := py*w + px
					if found {
						maxTap(best, arg, image[pixel*c:][:c], int32(pixel))
						continue
					}
					found = true
					copy(best, image[pixel*c:])
					for j := range arg {
						arg[j] = int32(pixel)
					}
				}
			}
			if !found {
				for j := range best {
					best[j], arg[j] = float32(math.Inf(-1)), -1
				}
			}
		}
	})
}

// Int32s is the memory of x, as integers.
func Int32s(x []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// maxTap sets best to x and arg to pixel where x is greater, or the first NaN.
func maxTap(best []float32, arg []int32, x []float32, pixel int32) {
	best, arg = best[:len(x)], arg[:len(x)]
	if len(x) > 0 && maxTapVec(&best[0], &arg[0], &x[0], len(x), pixel) {
		return
	}
	for j, v := range x {
		if v > best[j] || v != v && best[j] == best[j] {
			best[j], arg[j] = v, pixel
		}
	}
}

// MaxPoolGrad adds dy, the gradient of MaxPool's y, to dx [n, h, w, c] at the pixels that argmax names.
func MaxPoolGrad(dy []float32, argmax []int32, n, h, w, c, k, stride, pad int, dx []float32) {
	out := OutSize(h, k, stride, pad) * OutSize(w, k, stride, pad)
	parallel.For(n, func(i int) {
		image := dx[i*h*w*c:][:h*w*c]
		for p := i * out; p < (i+1)*out; p++ {
			for j, pixel := range argmax[p*c : (p+1)*c] {
				if pixel >= 0 {
					image[int(pixel)*c+j] += dy[p*c+j]
				}
			}
		}
	})
}

// GlobalAvgPool sets y [n, c] to the mean over the pixels of each image of x [n, h, w, c]. The sums are made in
// float64.
func GlobalAvgPool(x []float32, n, h, w, c int, y []float32) {
	parallel.For(n, func(i int) {
		sums := getSums((c + 15) &^ 15) // whole vectors
		defer sumsPool.Put(sums)
		for p := i * h * w; p < (i+1)*h*w; p++ {
			addWide(*sums, x[p*c:][:c])
		}
		for j, v := range (*sums)[:c] {
			y[i*c+j] = float32(v / float64(h*w))
		}
	})
}

// addWide adds x to sums, which has room for a multiple of 16 values.
func addWide(sums []float64, x []float32) {
	if len(x) > 0 && addWideVec(&sums[:(len(x)+15)&^15][0], &x[0], len(x)) {
		return
	}
	for j, v := range x {
		sums[j] += float64(v)
	}
}

// GlobalAvgPoolGrad adds dy/(h·w), with dy [n, c] the gradient of GlobalAvgPool's y, to every pixel of dx [n, h, w, c].
func GlobalAvgPoolGrad(dy []float32, n, h, w, c int, dx []float32) {
	parallel.For(n, func(i int) {
		scale := 1 / float32(h*w)
		g := dy[i*c:][:c]
		for p := i * h * w; p < (i+1)*h*w; p++ {
			addScaled(dx[p*c:][:c], scale, g)
		}
	})
}
