package loss

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Func is a loss of your own, of the logits [R, C] and the labels of the rows: it returns a scalar on their tape.
type Func func(logits *autograd.Var, labels []int) *autograd.Var

// Needs asks for logits.
func (f Func) Needs() Needs { return Needs{Logits: true} }

// Forward calls f. It panics with *tensor.Error for labels out of range, and for mixed samples.
func (f Func) Forward(in Input) (*autograd.Var, Stats) {
	checkLogits("loss.Func", in)
	noMix("loss.Func", in)
	if f == nil {
		panic(&tensor.Error{Op: "loss.Func", Detail: "the function is nil"})
	}
	return f(in.Logits, in.Labels), Stats{Anchors: len(in.Labels)}
}

// EmbeddingFunc is a loss of your own, of the unit embeddings [R, D] and the labels of the rows: it returns a scalar on
// their tape.
type EmbeddingFunc func(embedding *autograd.Var, labels []int) *autograd.Var

// Needs asks for embeddings.
func (f EmbeddingFunc) Needs() Needs { return Needs{Embedding: true} }

// Forward calls f. It panics with *tensor.Error for mixed samples.
func (f EmbeddingFunc) Forward(in Input) (*autograd.Var, Stats) {
	check("loss.EmbeddingFunc", in.Embedding, in)
	noMix("loss.EmbeddingFunc", in)
	if f == nil {
		panic(&tensor.Error{Op: "loss.EmbeddingFunc", Detail: "the function is nil"})
	}
	return f(in.Embedding, in.Labels), Stats{Anchors: len(in.Labels), ZeroRows: zeroRows(in.Embedding)}
}
