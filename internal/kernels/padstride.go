package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// PadStride is the parameter-free shortcut of residual networks (option A of arXiv 1512.03385): y [n, ⌈h/stride⌉,
// ⌈w/stride⌉, outC] gets every stride-th pixel of x [n, h, w, c]. The outC−c new channels are zero: (outC−c)/2 of them
// come before the old ones, the rest after.
func PadStride(y, x []float32, n, h, w, c, stride, outC int) {
	before := (outC - c) / 2
	eachStrided(n, h, w, stride, func(to, from int) {
		out := y[to*outC:][:outC]
		clear(out[:before])
		copy(out[before:before+c], x[from*c:(from+1)*c])
		clear(out[before+c:])
	})
}

// PadStrideGrad adds to dx [n, h, w, c] the gradient of the x of PadStride, given that of its y.
func PadStrideGrad(dx, dy []float32, n, h, w, c, stride, outC int) {
	before := (outC - c) / 2
	eachStrided(n, h, w, stride, func(to, from int) {
		addTo(dx[from*c:(from+1)*c], dy[to*outC+before:][:c])
	})
}

// eachStrided calls visit with the index of every pixel of a strided image and of the pixel it stands for.
func eachStrided(n, h, w, stride int, visit func(to, from int)) {
	outH, outW := (h+stride-1)/stride, (w+stride-1)/stride
	parallel.For(n, func(i int) {
		for y := range outH {
			for x := range outW {
				visit((i*outH+y)*outW+x, (i*h+y*stride)*w+x*stride)
			}
		}
	})
}
