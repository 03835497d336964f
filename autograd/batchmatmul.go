package autograd

import (
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// BatchMatMul returns the matrix products of a […, M, K] and b […, K, N], one for each of the dimensions in front, which
// must agree: […, M, N].
func BatchMatMul(a, b *Var) *Var { return batchMatMul("autograd.BatchMatMul", a, b, blas.NoTrans) }

// BatchMatMulT returns a·bᵀ for each pair of matrices of a […, M, K] and b […, N, K]: […, M, N], the inner products of
// their rows.
func BatchMatMulT(a, b *Var) *Var { return batchMatMul("autograd.BatchMatMulT", a, b, blas.Trans) }

func batchMatMul(op string, a, b *Var, tb blas.Transpose) *Var {
	as, bs, n := a.Shape(), b.Shape(), len(a.Shape())
	inner, outer := n-2, n-1 // of b
	if tb == blas.Trans {
		inner, outer = outer, inner
	}
	if n < 2 || len(bs) != n || !as[:n-2].Equal(bs[:n-2]) || as[n-1] != bs[inner] {
		panic(&tensor.Error{Op: op, Path: Path(a, b), Shapes: []tensor.Shape{as, bs},
			Detail: "not equally many matrices with a common inner dimension"})
	}
	t := a.Tape()
	y := t.Scratch(append(append(tensor.Shape{}, as[:n-1]...), bs[outer])...)
	gemm := t.mode.BLAS
	count := as[:n-2].Len()
	for i := range count {
		gemmInto(gemm, blas.NoTrans, tb, 1, matrix(a.Value(), i), matrix(b.Value(), i), 0, matrix(y, i))
	}
	t.CountMACs(int64(y.Len()) * int64(as[n-1]))
	return Op(op, y, []*Var{a, b}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i := range count {
			g := matrix(gy, i)
			if gx[0] != nil {
				gemmInto(gemm, blas.NoTrans, flip(tb), 1, g, matrix(b.Value(), i), 1, matrix(gx[0], i))
			}
			switch {
			case gx[1] == nil:
			case tb == blas.Trans:
				gemmInto(gemm, blas.Trans, blas.NoTrans, 1, g, matrix(a.Value(), i), 1, matrix(gx[1], i))
			default:
				gemmInto(gemm, blas.Trans, blas.NoTrans, 1, matrix(a.Value(), i), g, 1, matrix(gx[1], i))
			}
		}
	})
}

// matrix is a view of matrix i of x […, M, N].
func matrix(x *tensor.Tensor, i int) *tensor.Tensor {
	rows, cols := x.Dim(-2), x.Dim(-1)
	return x.Reshape(x.Shape()[:len(x.Shape())-2].Len()*rows, cols).Rows(i*rows, (i+1)*rows)
}
