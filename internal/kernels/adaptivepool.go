package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// AdaptiveAvgPool sets pixel (i, j) of y [n, outH, outW, c] to the mean of the rows ⌊i·h/outH⌋ to ⌈(i+1)·h/outH⌉ − 1 and
// the columns alike of x [n, h, w, c]. The sums are made in float64.
func AdaptiveAvgPool(x []float32, n, h, w, c, outH, outW int, y []float32) {
	parallel.For(n*outH, func(line int) {
		image, sums := x[line/outH*h*w*c:][:h*w*c], make([]float64, (c+15)&^15) // whole vectors
		top, bottom := adaptiveWindow(line%outH, h, outH)
		for ox := range outW {
			left, right := adaptiveWindow(ox, w, outW)
			clear(sums)
			for iy := top; iy < bottom; iy++ {
				for ix := left; ix < right; ix++ {
					addWide(sums, image[(iy*w+ix)*c:][:c])
				}
			}
			count := float64((bottom - top) * (right - left))
			for j, v := range sums[:c] {
				y[(line*outW+ox)*c+j] = float32(v / count)
			}
		}
	})
}

// AdaptiveAvgPoolGrad adds to dx the gradient of the x of AdaptiveAvgPool, given dy, that of its y.
func AdaptiveAvgPoolGrad(dy []float32, n, h, w, c, outH, outW int, dx []float32) {
	parallel.For(n, func(i int) { // windows overlap
		image := dx[i*h*w*c:][:h*w*c]
		for oy := range outH {
			top, bottom := adaptiveWindow(oy, h, outH)
			for ox := range outW {
				left, right := adaptiveWindow(ox, w, outW)
				g, scale := dy[((i*outH+oy)*outW+ox)*c:][:c], 1/float32((bottom-top)*(right-left))
				for iy := top; iy < bottom; iy++ {
					for ix := left; ix < right; ix++ {
						addScaled(image[(iy*w+ix)*c:][:c], scale, g)
					}
				}
			}
		}
	})
}

// adaptiveWindow is the range of size pixels that window i of so many covers.
func adaptiveWindow(i, size, windows int) (lo, hi int) {
	return i * size / windows, ((i+1)*size + windows - 1) / windows
}
