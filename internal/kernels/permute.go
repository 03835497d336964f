package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// Permute sets y to x with its dimensions in another order: dimension i of y is dimension order[i] of x.
func Permute(y, x []float32, shape, order []int) {
	p := newPermutation(shape, order)
	p.eachRun(func(at, from int) {
		to := y[at : at+p.run]
		if p.step == 1 {
			copy(to, x[from:])
			return
		}
		for i := range to {
			to[i] = x[from+i*p.step]
		}
	})
}

// PermuteGrad adds to dx the gradient of the x of Permute, given dy, that of its y.
func PermuteGrad(dx, dy []float32, shape, order []int) {
	p := newPermutation(shape, order)
	p.eachRun(func(at, from int) {
		for i, g := range dy[at : at+p.run] {
			dx[from+i*p.step] += g
		}
	})
}

// permutation is the way through x in the order of y: runs of the last dimension, that lie step apart in x.
type permutation struct {
	dims, strides []int // of y, the last left out; strides in x
	run, step     int
}

func newPermutation(shape, order []int) permutation {
	stride, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		stride[i] = n
		n *= shape[i]
	}
	p := permutation{run: 1, step: 1}
	for _, o := range order {
		p.dims, p.strides = append(p.dims, shape[o]), append(p.strides, stride[o])
	}
	if last := len(order) - 1; last >= 0 {
		p.run, p.step = p.dims[last], p.strides[last]
		p.dims, p.strides = p.dims[:last], p.strides[:last]
	}
	return p
}

// eachRun visits where runs begin in y and in x.
func (p permutation) eachRun(visit func(at, from int)) {
	runs := 1
	for _, d := range p.dims {
		runs *= d
	}
	parallel.Range(runs, rowChunk(p.run), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			from, rest := 0, r
			for i := len(p.dims) - 1; i >= 0; i-- {
				from += rest % p.dims[i] * p.strides[i]
				rest /= p.dims[i]
			}
			visit(r*p.run, from)
		}
	})
}
