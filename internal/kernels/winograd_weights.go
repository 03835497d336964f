package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// weights returns the transformed weights of a convolution: 16 planes [c, width] for each panel of outputs. w is
// [3, 3, c, o], or with turned [3, 3, o, c] and to be turned by half a turn, as the gradient of the input needs it.
func (k winogradConv) weights(w []float32, turned bool) *scratch {
	t := current.tile()
	u := getScratch(planes * k.c * k.width)
	parallel.Range(k.c, max(1, 1024/k.o), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for first := 0; first < k.o; first += t.cols {
				n := min(t.cols, k.o-first)
				width := t.panel(n)
				panel := u.data[planes*k.c*first+i*width:]
				for j := range width {
					if j >= n {
						for p := range planes {
							panel[p*k.c*width+j] = 0
						}
						continue
					}
					var g [9]float32
					for tap := range g {
						if turned {
							g[8-tap] = w[(tap*k.o+first+j)*k.c+i]
						} else {
							g[tap] = w[(tap*k.c+i)*k.o+first+j]
						}
					}
					for p, v := range transformKernel(g) {
						panel[p*k.c*width+j] = v
					}
				}
			}
		}
	})
	return u
}

// transformKernel is G g Gᵀ.
func transformKernel(g [9]float32) (u [16]float32) {
	var rows [4][3]float32
	for x := range 3 {
		rows[0][x], rows[1][x], rows[2][x], rows[3][x] = kernelSide(g[x], g[3+x], g[6+x])
	}
	for y, r := range rows {
		u[4*y], u[4*y+1], u[4*y+2], u[4*y+3] = kernelSide(r[0], r[1], r[2])
	}
	return u
}

func kernelSide(a, b, c float32) (float32, float32, float32, float32) {
	outer := a + c
	return a, (outer + b) / 2, (outer - b) / 2, c
}

// fold adds to dw [3, 3, c, o] the gradient Gᵀ du G of the weights.
func (k winogradConv) fold(dw, du []float32) {
	t := current.tile()
	parallel.Range(k.c, max(1, 1024/k.o), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for first := 0; first < k.o; first += t.cols {
				n := min(t.cols, k.o-first)
				width := t.panel(n)
				panel := du[planes*k.depth*first+i*width:]
				for j := range n {
					var u [16]float32
					for p := range u {
						u[p] = panel[p*k.depth*width+j]
					}
					for tap, v := range foldKernel(u) {
						dw[(tap*k.c+i)*k.o+first+j] += v
					}
				}
			}
		}
	})
}

// foldKernel is Gᵀ u G.
func foldKernel(u [16]float32) (g [9]float32) {
	var rows [3][4]float32
	for x := range 4 {
		rows[0][x], rows[1][x], rows[2][x] = foldSide(u[x], u[4+x], u[8+x], u[12+x])
	}
	for y, r := range rows {
		g[3*y], g[3*y+1], g[3*y+2] = foldSide(r[0], r[1], r[2], r[3])
	}
	return g
}

func foldSide(a, b, c, d float32) (float32, float32, float32) {
	half, difference := (b+c)/2, (b-c)/2
	return a + half, difference, half + d
}
