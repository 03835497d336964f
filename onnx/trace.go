package onnx

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
)

// traced is one run of a network in evaluation.
type traced struct {
	input   *autograd.Var
	ops     []autograd.Traced
	outputs []output
}

type output struct {
	name string
	of   *autograd.Var
}

// trace runs a network on so many random samples.
func trace(n *hybrid.Network, s Settings, samples int) traced {
	x := tensor.New(n.Input().Batch(samples)...)
	rng := rand.New(rand.NewPCG(uint64(samples), 0x6f6e6e78))
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	tape := autograd.NewTape(autograd.Mode{NoGrad: true, Trace: true})
	r := traced{input: tape.Const(x)}
	features := n.Features(r.input)
	r.outputs = append(r.outputs, output{"logits", n.Logits(features)})
	if s.Embeddings {
		r.outputs = append(r.outputs, output{"embeddings", n.Embed(features)})
	}
	if s.Features {
		r.outputs = append(r.outputs, output{"features", features})
	}
	r.ops = tape.Trace()
	return r
}

// match finds for each value of one run its counterpart in another, on other images and of another number. What should be the
// same in both and is not shows code that no trace can see: it is an error.
func match(a, b traced) (map[*autograd.Var]*autograd.Var, error) {
	other := map[*autograd.Var]*autograd.Var{a.input: b.input}
	if len(a.ops) != len(b.ops) {
		return nil, fmt.Errorf("the network runs %d operations on %d images and %d on %d: they must not depend on the images",
			len(a.ops), a.input.Dim(0), len(b.ops), b.input.Dim(0))
	}
	pair := func(op string, x, y *autograd.Var) error {
		known, ok := other[x]
		switch {
		case ok && known != y:
			return fmt.Errorf("%s is computed of other values from one time to the next: what a network runs must not depend on the images", op)
		case ok:
			return nil
		case x.Param() != y.Param() || x.Param() == nil && !equal(x.Value(), y.Value()):
			return fmt.Errorf("%s reads a constant that differs from one time to the next: values that depend on the images must come from operations on the tape (autograd.Op)", op)
		}
		other[x] = y
		return nil
	}
	for i, x := range a.ops {
		y := b.ops[i]
		if x.Name != y.Name || len(x.In) != len(y.In) || len(x.Out.Shape()) != len(y.Out.Shape()) || !reflect.DeepEqual(x.Attributes, y.Attributes) {
			return nil, fmt.Errorf("%s runs otherwise on %d images than on %d: an operation, its attributes and the number of dimensions must not depend on the images",
				called(x), a.input.Dim(0), b.input.Dim(0))
		}
		for j := range x.In {
			if err := pair("the operation "+called(x), x.In[j], y.In[j]); err != nil {
				return nil, err
			}
		}
		other[x.Out] = y.Out
	}
	for i, o := range a.outputs {
		if err := pair("the output "+o.name, o.of, b.outputs[i].of); err != nil {
			return nil, err
		}
	}
	return other, nil
}

func equal(a, b *tensor.Tensor) bool {
	return a.Shape().Equal(b.Shape()) && slices.Equal(a.Data(), b.Data())
}

// called is an operation's name, and where in the network it is if it has parameters.
func called(op autograd.Traced) string {
	if path := autograd.Path(op.In...); path != "" {
		return fmt.Sprintf("%s (%s)", op.Name, path)
	}
	return op.Name
}
