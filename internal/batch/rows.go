package batch

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// Rows says which rows of a batch are one stream's: those of view 0, of view 1 and so on, a row a sample, and behind them
// in the same order those of the samples' partners. Only it knows where a view begins.
type Rows struct {
	Stream         hybrid.Stream
	Samples, Views int
	from           int   // the first row
	Seen, Keyed    []int // views that terms see, and that keys are made of
	Taught         []int // views that the stream's teacher sees
	Images         int   // what the rows cost, see hybrid.Stream.Images

	Labels []int     // of the samples' rows
	Mix    *loss.Mix // of a Mixer or of Partner; nil: no row is mixed
}

// NewRows lays a stream's samples out from a row on.
func NewRows(s hybrid.Stream, samples, from int) *Rows {
	r := &Rows{Stream: s, Samples: samples, Views: len(s.Transforms()), from: from, Seen: s.Seen(), Keyed: s.Keyed(), Taught: s.Taught(),
		Images: s.Images() * samples}
	r.Labels = make([]int, r.Views*samples)
	if s.Partner != nil {
		r.Mix = &loss.Mix{Labels: make([]int, len(r.Labels)), Weight: make([]float32, len(r.Labels))}
	}
	return r
}

// Own returns the range of the samples' rows.
func (r *Rows) Own() (from, to int) { return r.from, r.from + len(r.Labels) }

// Partners returns the range of the partners' rows, which is empty where there are none.
func (r *Rows) Partners() (from, to int) {
	from = r.from + len(r.Labels)
	if r.Stream.Partner == nil {
		return from, from
	}
	return from, from + len(r.Labels)
}

// To is the row behind the last.
func (r *Rows) To() int {
	_, to := r.Partners()
	return to
}

// Of returns the rows of some views in x, in which every view has a row a sample: x's own memory where they lie together.
func (r *Rows) Of(t *autograd.Tape, x *tensor.Tensor, views []int) *tensor.Tensor {
	first, together := views[0], true
	for i, v := range views {
		together = together && v == first+i
	}
	if together {
		return x.Rows(first*r.Samples, (first+len(views))*r.Samples)
	}
	y := t.Scratch(append([]int{len(views) * r.Samples}, x.Shape()[1:]...)...)
	for i, v := range views {
		copy(y.Rows(i*r.Samples, (i+1)*r.Samples).Data(), x.Rows(v*r.Samples, (v+1)*r.Samples).Data())
	}
	return y
}

// Positions returns where views are in list; nil of nil.
func Positions(list, views []int) (at []int) {
	for _, v := range views {
		at = append(at, slices.Index(list, v))
	}
	return at
}

// Input keeps the rows of the given views of a loss's input; nil keeps all.
func Input(in loss.Input, views []int) loss.Input {
	if views == nil {
		return in
	}
	n := len(in.Labels) / in.Views
	pick := func(x *autograd.Var) *autograd.Var {
		if x == nil {
			return nil
		}
		var kept []*autograd.Var
		for _, v := range views {
			kept = append(kept, Cut(x, v*n, (v+1)*n))
		}
		return autograd.Concat(kept...)
	}
	out := loss.Input{Embedding: pick(in.Embedding), Logits: pick(in.Logits), Views: len(views), At: in.At}
	for _, x := range in.Experts {
		out.Experts = append(out.Experts, pick(x))
	}
	for _, v := range views {
		out.Labels = append(out.Labels, in.Labels[v*n:(v+1)*n]...)
	}
	if in.Mix != nil {
		out.Mix = &loss.Mix{}
		for _, v := range views {
			out.Mix.Labels = append(out.Mix.Labels, in.Mix.Labels[v*n:(v+1)*n]...)
			out.Mix.Weight = append(out.Mix.Weight, in.Mix.Weight[v*n:(v+1)*n]...)
		}
	}
	return out
}

// Cut is autograd.Rows, or x itself for all of its rows.
func Cut(x *autograd.Var, from, to int) *autograd.Var {
	if from == 0 && to == x.Dim(0) {
		return x
	}
	return autograd.Rows(x, from, to)
}
