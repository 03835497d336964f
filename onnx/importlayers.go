package onnx

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// runner computes the result of a node.
type runner func(r *run, in []val) val

// Operators with weights.

// param returns the parameter of an initializer, with its dimensions in another order; one for all that ask for the same.
func (k *compiling) param(name string, x *tensor.Tensor, order ...int) *autograd.Param {
	key := fmt.Sprintf("%q%v", name, order)
	if p := k.params[key]; p != nil {
		return p
	}
	if len(order) > 0 {
		x = permuted(x, order...)
	}
	p := autograd.NewParam(x)
	k.params[key] = p
	return p
}

// layer shows a layer under the name of its weight.
func (k *compiling) layer(weight string, of nn.Visitable) {
	k.layers = append(k.layers, layer{k.path(weight), of})
}

func importBatchNorm(k *compiling) runner {
	if !k.inputs(5, 5) {
		return nil
	}
	epsilon, momentum := k.float("epsilon", 1e-5), k.float("momentum", 0.9)
	k.must("training_mode", k.int("training_mode", 0), 0)
	if k.opset < 14 {
		k.must("spatial", k.int("spatial", 1), 1)
	}
	var v [4]*tensor.Tensor
	for i := range v {
		if v[i] = k.numbers(1 + i); k.err != nil {
			return nil
		}
		if len(v[i].Shape()) != 1 || v[i].Len() != v[0].Len() || v[0].Len() == 0 {
			k.fail("weights of shapes %v and %v: they must be vectors of one length", v[0].Shape(), v[i].Shape())
			return nil
		}
	}
	if epsilon < 0 || !(momentum >= 0 && momentum <= 1) {
		k.fail("epsilon %v must not be negative, momentum %v must be in [0, 1]", epsilon, momentum)
		return nil
	}
	if epsilon == 0 { // which the library's layers take for what is usual
		epsilon = math.SmallestNonzeroFloat32
	}
	b := nn.NewBatchNorm2d(v[0].Len())
	b.Weight, b.Bias = k.param(k.node.in[1], v[0]), k.param(k.node.in[2], v[1])
	b.RunningMean, b.RunningVar, b.Epsilon, b.Momentum = v[2], v[3], epsilon, max(1-momentum, math.SmallestNonzeroFloat32)
	k.layer(k.node.in[1], b)
	k.weighted = true
	k.only(0)
	if c := k.convs[k.node.in[0]]; c != nil && c.norm == nil && c.conv.Bias == nil && k.uses[k.node.in[0]] == 1 && c.conv.Weight.Value.Dim(3) == v[0].Len() {
		c.norm = &nn.ConvBN{Conv: c.conv, BN: b}
		return k.join(c)
	}
	return func(r *run, in []val) val {
		if len(in[0].shape()) == 2 {
			return val{v: b.Forward(r.plain(in[0]))}
		}
		return val{v: b.Forward(r.images(in[0])), first: true}
	}
}

// join makes a convolution's step give the result of this node too.
func (k *compiling) join(c *convolution) runner {
	k.steps[c.step].out = k.node.out[0]
	k.convs[k.node.out[0]] = c
	k.joined = true
	return nil
}

func importRelu(k *compiling) runner {
	k.inputs(1, 1)
	if k.err == nil {
		if c := k.convs[k.node.in[0]]; c != nil && c.norm != nil && !c.norm.ReLU && k.uses[k.node.in[0]] == 1 {
			c.norm.ReLU = true
			k.in = k.in[:1]
			return k.join(c)
		}
	}
	return func(r *run, in []val) val { return r.alike(in[0], nn.ReLU) }
}

// alike is an operation entry by entry.
func (r *run) alike(x val, f func(*autograd.Var) *autograd.Var) val {
	if x.v == nil {
		r.plain(x)
	}
	return val{v: f(x.v), first: x.first}
}

func importLayerNorm(k *compiling) runner {
	if !k.inputs(2, 3) {
		return nil
	}
	axis := k.int("axis", -1)
	k.int("stash_type", 1)
	l := &nn.LayerNorm{Epsilon: k.float("epsilon", 1e-5)}
	for i, p := range []**autograd.Param{&l.Weight, &l.Bias} {
		if !k.has(1 + i) {
			continue
		}
		x := k.numbers(1 + i)
		if k.err != nil {
			return nil
		}
		*p = k.param(k.node.in[1+i], x)
	}
	if l.Epsilon == 0 {
		l.Epsilon = math.SmallestNonzeroFloat32
	}
	if !(l.Epsilon >= 0) {
		k.fail("epsilon %v must not be negative", l.Epsilon)
		return nil
	}
	k.layer(k.node.in[1], l)
	k.weighted = true
	k.only(0)
	return func(r *run, in []val) val {
		x := r.plain(in[0])
		if dims := len(x.Shape()); r.axis(axis, dims) != dims-1 {
			r.fail("axis %d of %d is not supported: the last alone", axis, dims)
		}
		return val{v: l.Forward(x)}
	}
}
