package onnx

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

func importGemm(k *compiling) runner {
	if !k.inputs(2, 3) {
		return nil
	}
	alpha, beta := k.float("alpha", 1), k.float("beta", 1)
	k.must("transA", k.int("transA", 0), 0)
	transB := k.int("transB", 0)
	if !k.fixed(1) && k.err == nil {
		k.must("inputs beside computed matrices", len(k.node.in), 2)
		return func(r *run, in []val) val {
			a, b := r.matrix(in[0]), r.matrix(in[1])
			if transB == 0 {
				b = autograd.Transpose(b)
			}
			r.room(a.Shape()[0], b.Shape()[0])
			return val{v: autograd.Scale(autograd.MatMulT(a, b), alpha)}
		}
	}
	l := k.linear(1, transB != 0, alpha)
	if k.has(2) && k.err == nil {
		bias := k.numbers(2)
		if k.err != nil {
			return nil
		}
		out := l.Weight.Value.Dim(0)
		if bias.Len() != out && bias.Len() != 1 {
			k.fail("a bias of shape %v for %d outputs", bias.Shape(), out)
			return nil
		}
		if beta == 1 && len(bias.Shape()) == 1 && bias.Len() == out {
			l.Bias = k.param(k.node.in[2], bias)
		} else { // it is of this layer alone
			x := tensor.New(out)
			for i := range x.Data() {
				x.Data()[i] = float32(beta * float64(bias.Data()[i%bias.Len()]))
			}
			l.Bias = autograd.NewParam(x)
		}
	}
	k.only(0)
	if k.err != nil {
		return nil
	}
	k.layer(k.node.in[1], l)
	return func(r *run, in []val) val {
		x := r.matrix(in[0])
		r.room(x.Shape()[0], l.Weight.Value.Dim(0))
		return val{v: l.Forward(x)}
	}
}

func (r *run) matrix(x val) *autograd.Var {
	v := r.plain(x)
	if len(v.Shape()) != 2 {
		r.fail("a matrix is wanted, and the shape is %v", v.Shape())
	}
	return v
}

// linear makes a layer of weights in the file, [out, in] or the other way round, times a number.
func (k *compiling) linear(i int, outIn bool, by float64) *nn.Linear {
	w := k.numbers(i)
	if k.err != nil {
		return nil
	}
	if len(w.Shape()) != 2 || w.Len() == 0 {
		k.fail("weights of shape %v: a matrix is wanted", w.Shape())
		return nil
	}
	if by != 1 {
		for i := range w.Data() {
			w.Data()[i] *= float32(by)
		}
	}
	k.weighted = true
	switch {
	case by != 1 && outIn:
		return &nn.Linear{Weight: autograd.NewParam(w)}
	case by != 1:
		return &nn.Linear{Weight: autograd.NewParam(permuted(w, 1, 0))}
	case outIn:
		return &nn.Linear{Weight: k.param(k.node.in[i], w)}
	}
	return &nn.Linear{Weight: k.param(k.node.in[i], w, 1, 0)}
}

func importMatMul(k *compiling) runner {
	if !k.inputs(2, 2) {
		return nil
	}
	if a := k.arrays[k.node.in[1]]; a != nil && len(a.from.dims) == 2 {
		l := k.linear(1, false, 1)
		k.only(0)
		if k.err != nil {
			return nil
		}
		k.layer(k.node.in[1], l)
		return func(r *run, in []val) val {
			x := r.plain(in[0])
			s := x.Shape()
			if len(s) < 2 {
				r.fail("rows are wanted, and the shape is %v", s)
			}
			out := append(slices.Clone(s[:len(s)-1]), l.Weight.Value.Dim(0))
			r.room(out...)
			return val{v: reshaped(l.Forward(rowsAlong(x)), out...)}
		}
	}
	return func(r *run, in []val) val { return val{v: r.matMul(r.plain(in[0]), r.plain(in[1]))} }
}

// matMul multiplies matrices, several of them, or several with one.
func (r *run) matMul(a, b *autograd.Var) *autograd.Var {
	as, bs := a.Shape(), b.Shape()
	if len(as) < 2 || len(bs) < 2 || as[len(as)-1] != bs[len(bs)-2] {
		r.fail("matrices of shapes %v and %v have no product", as, bs)
	}
	n := len(bs)
	switch {
	case len(bs) == 2:
		r.room(append(slices.Clone(as[:len(as)-1]), bs[1])...)
		return reshaped(autograd.MatMul(rowsAlong(a), b), append(slices.Clone(as[:len(as)-1]), bs[1])...)
	case len(as) == 2:
		r.room(append(slices.Clone(bs[:n-2]), as[0], bs[n-1])...)
		t := autograd.Transpose(b) // (bᵀ·aᵀ)ᵀ
		y := autograd.MatMulT(rowsAlong(t), a)
		return autograd.Transpose(reshaped(y, append(slices.Clone(t.Shape()[:n-1]), as[0])...))
	case !as[:len(as)-2].Equal(bs[:n-2]):
		r.fail("matrices of shapes %v and %v: those that broadcasting would repeat are not supported", as, bs)
	}
	r.room(append(slices.Clone(as[:len(as)-1]), bs[n-1])...)
	return autograd.BatchMatMul(a, b)
}

// rowsAlong makes a matrix of the rows along the last dimension.
func rowsAlong(x *autograd.Var) *autograd.Var {
	s := x.Shape()
	return reshaped(x, s[:len(s)-1].Len(), s[len(s)-1])
}

// reshaped is x itself if it has the shape.
func reshaped(x *autograd.Var, shape ...int) *autograd.Var {
	if x.Shape().Equal(shape) {
		return x
	}
	return autograd.Reshape(x, shape...)
}
