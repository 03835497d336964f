package loss

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// What losses remember of a step, once it is kept.

// observeBank tells a bank that follows the embeddings of a training step.
func observeBank(bank prototype.Bank, in Input) {
	o, ok := bank.(prototype.Observer)
	if !ok || !in.Embedding.Tape().Mode().Train {
		return
	}
	z := in.Embedding.Value()
	in.Embedding.Tape().AfterStep(func() { o.Observe(z, in.Labels, lastOfEpoch(in.At)) })
}

// lastOfEpoch tells whether no step of the epoch follows.
func lastOfEpoch(p schedule.Progress) bool { return p.Step == p.Steps-1 }

// enqueue puts the keys of a training step into the queue: those of the momentum encoder, or else the embeddings of all
// views but the first, if there are others.
func enqueue(q *Queue, in Input) {
	if q == nil || !in.Embedding.Tape().Mode().Train {
		return
	}
	rows, labels, n := in.Keys, []int(nil), len(in.Labels)/in.Views
	if rows == nil {
		from := 0
		if in.Views > 1 {
			from = n
		}
		rows, labels = in.Embedding.Value().Rows(from, len(in.Labels)), in.Labels[from:]
	} else {
		for i := range rows.Dim(0) {
			labels = append(labels, in.Labels[i%n])
		}
	}
	in.Embedding.Tape().AfterStep(func() { q.Add(rows, labels) })
}

// checkViews panics unless the rows are whole views, and Keys, if wanted, whole views of the same samples.
func checkViews(op string, in Input, keys bool) {
	rows := len(in.Labels)
	if in.Views < 1 || rows%in.Views != 0 {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{rows}}, Detail: fmt.Sprintf("Views is %d: it must divide the rows", in.Views)})
	}
	if !keys {
		if in.Keys != nil {
			panic(&tensor.Error{Op: op, Detail: "has Keys, though WithoutMomentum says that there are none"})
		}
		return
	}
	if in.Keys == nil {
		panic(&tensor.Error{Op: op, Detail: "Keys were not computed: they need a momentum encoder; with WithoutMomentum the network's own embeddings take their place"})
	}
	s, n := in.Keys.Shape(), rows/in.Views
	if len(s) != 2 || s[1] != in.Embedding.Dim(1) || (n == 0 && s[0] != 0) || (n > 0 && s[0]%n != 0) {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{in.Embedding.Shape(), s}, Detail: fmt.Sprintf("Keys must be whole views of the %d samples, as wide as the embeddings", n)})
	}
}

// similarities returns z·rowsᵀ of embeddings and what they are contrasted with, named in the error if widths differ.
func similarities(op, what string, z, rows *autograd.Var) *autograd.Var {
	if z.Dim(1) != rows.Dim(1) {
		panic(&tensor.Error{Op: op, Path: autograd.Path(rows), Shapes: []tensor.Shape{z.Shape(), rows.Shape()}, Detail: "embeddings and " + what + " differ in width"})
	}
	return autograd.MatMulT(z, rows)
}
