package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// weights returns the transformed weights of a convolution: planes [c, width] for each panel of outputs. w is
// [3, 3, c, o], or with turned [3, 3, o, c] and to be turned by half a turn, as the gradient of the input needs it.
func (k winogradConv) weights(w []float32, turned bool) *scratch {
	if turned {
		straight := getScratch(9 * k.c * k.o)
		defer putScratch(straight)
		parallel.Range(9, max(1, alone/(k.c*k.o)), func(lo, hi int) {
			for tap := lo; tap < hi; tap++ {
				transpose(straight.data[(8-tap)*k.c*k.o:], k.o, w[tap*k.c*k.o:], k.c, k.o, k.c)
			}
		})
		w = straight.data
	}
	u := getScratch(k.planes * k.c * k.width)
	parallel.Range(k.c, k.weightRows(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			k.eachPanel(func(first, n, width int) {
				from, to := w[i*k.o+first:], u.data[k.planes*k.c*first+i*width:]
				if k.out == 4 {
					winogradWeights4(from, k.c*k.o, to, k.c*width, n)
				} else {
					winogradWeights(from, k.c*k.o, to, k.c*width, n)
				}
			})
		}
	})
	if !k.pairs {
		return u
	}
	defer putScratch(u)
	twos := getScratch(k.planes * k.c / 2 * k.width)
	k.eachPanel(func(first, _, width int) {
		from, to := u.data[k.planes*k.c*first:], twos.data[k.planes*k.c/2*first:]
		parallel.Range(k.planes*k.c/2, max(1, alone/width), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				pairRows(to[i*width:], from[2*i*width:][:width], from[(2*i+1)*width:])
			}
		})
	})
	return twos
}

// fold adds to dw [3, 3, c, o] the gradient Gᵀ du G of the weights.
func (k winogradConv) fold(dw, du []float32) {
	parallel.Range(k.c, k.weightRows(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			k.eachPanel(func(first, n, width int) {
				from, to := du[k.planes*k.depth*first+i*width:], dw[i*k.o+first:]
				if k.out == 4 {
					winogradFold4(from, k.depth*width, to, k.c*k.o, n)
				} else {
					winogradFold(from, k.depth*width, to, k.c*k.o, n)
				}
			})
		}
	})
}

// alone is a number of values that one core is done with before another would have woken up.
const alone = 1 << 13

// weightRows is the number of input channels whose weights are transformed at a time.
func (k winogradConv) weightRows() int { return max(1, alone/(k.planes*k.o)) }

// eachPanel visits the panels of outputs: n of them from first on, in width places.
func (k winogradConv) eachPanel(visit func(first, n, width int)) {
	t := current.tile
	for first := 0; first < k.o; first += t.cols {
		n := min(t.cols, k.o-first)
		visit(first, n, t.panel(n))
	}
}
