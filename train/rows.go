package train

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// rows says which rows of a batch are one stream's: those of view 0, of view 1 and so on, a row a sample, and behind them
// in the same order those of the samples' partners. Only it knows where a view begins.
type rows struct {
	stream         hybrid.Stream
	samples, views int
	from           int   // the first row
	seen, keyed    []int // views that terms see, and that keys are made of
	images         int   // what the rows cost, see hybrid.Stream.Images

	labels []int     // of the samples' rows
	mix    *loss.Mix // of a Mixer or of Partner; nil: no row is mixed
}

// newRows lays a stream's samples out from a row on.
func newRows(s hybrid.Stream, samples, from int) *rows {
	r := &rows{stream: s, samples: samples, views: len(s.Transforms()), from: from, seen: s.Seen(), keyed: s.Keyed(),
		images: s.Images() * samples}
	r.labels = make([]int, r.views*samples)
	if s.Partner != nil {
		r.mix = &loss.Mix{Labels: make([]int, len(r.labels)), Weight: make([]float32, len(r.labels))}
	}
	return r
}

// own returns the range of the samples' rows.
func (r *rows) own() (from, to int) { return r.from, r.from + len(r.labels) }

// partners returns the range of the partners' rows, which is empty where there are none.
func (r *rows) partners() (from, to int) {
	from = r.from + len(r.labels)
	if r.stream.Partner == nil {
		return from, from
	}
	return from, from + len(r.labels)
}

// to is the row behind the last.
func (r *rows) to() int {
	_, to := r.partners()
	return to
}

// of returns the rows of some views in x, in which every view has a row a sample: x's own memory where they lie together.
func (r *rows) of(t *autograd.Tape, x *tensor.Tensor, views []int) *tensor.Tensor {
	first, together := views[0], true
	for i, v := range views {
		together = together && v == first+i
	}
	if together {
		return x.Rows(first*r.samples, (first+len(views))*r.samples)
	}
	y := t.Scratch(append([]int{len(views) * r.samples}, x.Shape()[1:]...)...)
	for i, v := range views {
		copy(y.Rows(i*r.samples, (i+1)*r.samples).Data(), x.Rows(v*r.samples, (v+1)*r.samples).Data())
	}
	return y
}

// positions returns where views are in list; nil of nil.
func positions(list, views []int) (at []int) {
	for _, v := range views {
		at = append(at, slices.Index(list, v))
	}
	return at
}

// input keeps the rows of the given views of a loss's input; nil keeps all.
func input(in loss.Input, views []int) loss.Input {
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
			kept = append(kept, cut(x, v*n, (v+1)*n))
		}
		return autograd.Concat(kept...)
	}
	out := loss.Input{Embedding: pick(in.Embedding), Logits: pick(in.Logits), Views: len(views), At: in.At}
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

// cut is autograd.Rows, or x itself for all of its rows.
func cut(x *autograd.Var, from, to int) *autograd.Var {
	if from == 0 && to == x.Dim(0) {
		return x
	}
	return autograd.Rows(x, from, to)
}
