package autograd

import (
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// MatMul returns the matrix product of a [M, K] and b [K, N]: [M, N].
func MatMul(a, b *Var) *Var {
	product("autograd.MatMul", a, b, 0)
	return matMul("autograd.MatMul", a, b, blas.NoTrans)
}

// MatMulT returns a·bᵀ of a [M, K] and b [N, K]: [M, N], the inner products of their rows.
func MatMulT(a, b *Var) *Var {
	product("autograd.MatMulT", a, b, 1)
	return matMul("autograd.MatMulT", a, b, blas.Trans)
}

func product(op string, a, b *Var, inner int) {
	as, bs := a.Shape(), b.Shape()
	if len(as) != 2 || len(bs) != 2 || as[1] != bs[inner] {
		panic(&tensor.Error{Op: op, Path: Path(a, b), Shapes: []tensor.Shape{as, bs}, Detail: "not matrices with a common inner dimension"})
	}
}

func matMul(op string, a, b *Var, tb blas.Transpose) *Var {
	t := a.Tape()
	m, n := a.Dim(0), b.Dim(1)
	if tb == blas.Trans {
		n = b.Dim(0)
	}
	y := t.Scratch(m, n)
	gemm := t.mode.BLAS
	gemmInto(gemm, blas.NoTrans, tb, 1, a.Value(), b.Value(), 0, y)
	t.CountMACs(int64(m) * int64(n) * int64(a.Dim(1)))
	return Op(op, y, []*Var{a, b}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		if gx[0] != nil { // y = a·b: dy·bᵀ; y = a·bᵀ: dy·b
			gemmInto(gemm, blas.NoTrans, flip(tb), 1, gy, b.Value(), 1, gx[0])
		}
		switch {
		case gx[1] == nil:
		case tb == blas.Trans: // dyᵀ·a
			gemmInto(gemm, blas.Trans, blas.NoTrans, 1, gy, a.Value(), 1, gx[1])
		default: // aᵀ·dy
			gemmInto(gemm, blas.Trans, blas.NoTrans, 1, a.Value(), gy, 1, gx[1])
		}
	})
}

func flip(t blas.Transpose) blas.Transpose {
	if t == blas.Trans {
		return blas.NoTrans
	}
	return blas.Trans
}

// gemmInto computes c = alpha·op(a)·op(b) + beta·c on matrices whose shapes the caller has checked, by the given BLAS
// (Mode.BLAS).
func gemmInto(with blas.Float32, ta, tb blas.Transpose, alpha float32, a, b *tensor.Tensor, beta float32, c *tensor.Tensor) {
	m, n, k := c.Dim(0), c.Dim(1), a.Dim(1)
	if ta == blas.Trans {
		k = a.Dim(0)
	}
	if m == 0 || n == 0 {
		return
	}
	if k == 0 { // an empty sum, whose operands have leading dimensions BLAS refuses
		for i := range c.Data() {
			if beta == 0 {
				c.Data()[i] = 0
			} else {
				c.Data()[i] *= beta
			}
		}
		return
	}
	with.Sgemm(ta, tb, m, n, k, alpha, a.Data(), a.Dim(1), b.Data(), b.Dim(1), beta, c.Data(), n)
}
