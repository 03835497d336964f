package main

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
)

// Centers is a prototype.Bank whose vectors are the classifier's weight rows passed through an MLP.
type Centers struct {
	Classifier *nn.Linear
	MLP        nn.Sequential
}

// Vectors returns a unit row for each class.
func (c *Centers) Vectors(t *autograd.Tape) *autograd.Var {
	return nn.L2Normalize(c.MLP.Forward(t.Param(c.Classifier.Weight)))
}

// Visit shows the MLP; the classifier is the network's.
func (c *Centers) Visit(v nn.Visitor) { v.Sub("mlp", c.MLP) }

// Balanced is the contrastive loss of BCL: the centers join the batch, and each class counts once in the denominator.
type Balanced struct {
	Bank        prototype.Bank
	Temperature float64
}

// Needs asks for embeddings.
func (b *Balanced) Needs() loss.Needs { return loss.Needs{Embedding: true} }

// Visit shows the bank, so that it is trained.
func (b *Balanced) Visit(v nn.Visitor) { v.Sub("centers", b.Bank) }

// Forward composes the loss of the engine's operations; the gradient follows.
func (b *Balanced) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	t := in.Embedding.Tape()
	centers := b.Bank.Vectors(t)
	rows, classes := len(in.Labels), centers.Dim(0)
	labels := append([]int{}, in.Labels...)
	count := make([]float64, classes)
	for c := range classes {
		labels = append(labels, c)
	}
	for _, c := range labels {
		count[c]++
	}
	// shift is −log of the class's count, so that a sum over its members is a mean; positive weighs the numerator.
	shift, positive := t.Tensor(rows, len(labels)), t.Tensor(rows, len(labels))
	for i := range rows {
		for j, c := range labels {
			at, n := i*len(labels)+j, count[c]
			if c == labels[i] {
				n-- // the anchor is not its own contrast
				positive.Data()[at] = float32(1 / (n * float64(rows)))
			}
			shift.Data()[at] = float32(-math.Log(n))
		}
		positive.Data()[i*len(labels)+i], shift.Data()[i*len(labels)+i] = 0, float32(math.Inf(-1))
	}
	s := autograd.Scale(autograd.MatMulT(in.Embedding, autograd.Concat(in.Embedding, centers)), 1/b.Temperature)
	denominator := autograd.Mean(nn.LogSumExp(autograd.Add(s, t.Const(shift))))
	return autograd.Sub(denominator, autograd.Sum(autograd.Mul(s, t.Const(positive)))), loss.Stats{Anchors: rows}
}
