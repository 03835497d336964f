package train

import (
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// teacher is the network that a stream learns from, as it was when the run began. A nil teacher does nothing.
type teacher struct {
	network      *hybrid.Network
	weights      *autograd.Weights
	scale, shift []float32 // of each channel, from the trained network's numbers to the teacher's own; nil: they are the same
	tape         *autograd.Tape
	chunk        int // samples that pass at once; 0: all
}

// newTeachers returns the teacher of each stream, nil where there is none. chunk is as in batch.Pass.
func newTeachers(streams hybrid.Streams, n *hybrid.Network, chunk int) ([]*teacher, error) {
	all := make([]*teacher, len(streams))
	for i, s := range streams {
		if s.Teacher == nil {
			continue
		}
		for _, e := range nn.Entries(s.Teacher) {
			if x := e.Tensor(); x != nil {
				if k := kernels.FirstNonFinite(x.Data()); k >= 0 {
					return nil, fmt.Errorf("train: stream %d: Teacher: %s[%d] is %v: it cannot teach", i, e.Path, k, x.Data()[k])
				}
			}
		}
		t := &teacher{network: s.Teacher, weights: autograd.Snapshot(nn.Tensors(s.Teacher)...), tape: autograd.NewTape(autograd.Mode{}), chunk: chunk}
		t.weights.Fix()
		t.scale, t.shift = renormalize(n.Normalize(), s.Teacher.Normalize())
		all[i] = t
	}
	return all, nil
}

// renormalize returns what takes numbers that were normalised in one way to those of another; nil if these are the same.
func renormalize(from, to augment.Normalize) (scale, shift []float32) {
	same := true
	for c := range max(len(from.Mean), len(to.Mean)) {
		mean, std, mean2, std2 := 0.0, 1.0, 0.0, 1.0 // of features that stay as they are
		if from.Mean != nil {
			mean, std = from.Mean[c], from.Std[c]
		}
		if to.Mean != nil {
			mean2, std2 = to.Mean[c], to.Std[c]
		}
		same = same && mean == mean2 && std == std2
		scale, shift = append(scale, float32(std/std2)), append(shift, float32((mean-mean2)/std2))
	}
	if same {
		return nil, nil
	}
	return scale, shift
}

// reset begins a batch and ends the life of what was taught in the one before.
func (t *teacher) reset(m autograd.Mode) {
	if t != nil {
		t.tape.Reset(autograd.Mode{NoGrad: true, Weights: t.weights, BLAS: m.BLAS})
	}
}

// logits returns Input.Teacher of each term of a stream, of the images of a batch; nil where the term takes none.
func (t *teacher) logits(p *batch.Rows, images *tensor.Tensor) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(p.Stream.Terms))
	if t == nil {
		return out
	}
	x := t.own(p.Of(t.tape, images.Rows(p.Own()), p.Taught))
	all := batch.Pass(t.tape, x, p.Samples, t.chunk, t.network.Forward).Value()
	for i, term := range p.Stream.Terms {
		if term.Loss.Needs().Teacher {
			out[i] = p.Of(t.tape, all, batch.Positions(p.Taught, p.Stream.SeenBy(term)))
		}
	}
	return out
}

// own normalises rows as the teacher does.
func (t *teacher) own(x *tensor.Tensor) *tensor.Tensor {
	if t.scale == nil {
		return x
	}
	y := t.tape.Scratch(x.Shape()...)
	for i, v := range x.Data() {
		c := i % len(t.scale)
		y.Data()[i] = t.scale[c]*v + t.shift[c]
	}
	return y
}

// renew gives the memory of the tape up, and sets the chunk.
func (t *teacher) renew(chunk int) {
	if t != nil {
		t.tape, t.chunk = autograd.NewTape(autograd.Mode{}), chunk
	}
}

// heldBytes is what the tape takes.
func (t *teacher) heldBytes() int64 {
	if t == nil {
		return 0
	}
	return t.tape.HeldBytes()
}

// checkTeacher says why a stream cannot be taught by its teacher.
func checkTeacher(s hybrid.Stream, n *hybrid.Network) error {
	switch t := s.Teacher; {
	case t == nil && len(s.Taught()) == 0:
		return nil
	case t == nil:
		return fmt.Errorf("a loss learns from a teacher, and Teacher is nil: give it a trained network, such as one that hybrid.Open returns, " +
			"by Streams.TaughtBy")
	case len(s.Taught()) == 0:
		return fmt.Errorf("Teacher is set, but no loss learns from it: leave it nil")
	case t == n:
		return fmt.Errorf("Teacher is the network that is trained: give it another")
	case s.MixesFeatures():
		return fmt.Errorf("Partner mixes features, of which a teacher cannot see the images: use a Blender, or another stream")
	}
	return n.CheckTeacher(s.Teacher)
}
