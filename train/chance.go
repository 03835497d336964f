package train

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// minStall is the least number of steps that AtChance judges: in fewer, noise hides what a loss does.
const minStall = 50

// chance is what a loss gives where the network tells nothing of the images, all embeddings and logits being zeros: ln C for
// cross-entropy over C classes, ln(N−1) for a contrast of N rows. 0: there is no such value, as for a penalty that zeros do
// not pay, or for what a flat teacher says, which zeros come closer to than a network that learns its labels.
func chance(t *autograd.Tape, l loss.Loss, in loss.Input) (value float64) {
	if in.Teacher != nil {
		return 0
	}
	zeros := func(x *autograd.Var) *autograd.Var {
		if x == nil {
			return nil
		}
		return t.Const(t.Tensor(x.Shape()...))
	}
	in.Embedding, in.Logits = zeros(in.Embedding), zeros(in.Logits)
	in.Experts = each(in.Experts, zeros)
	if in.Keys != nil {
		in.Keys = t.Tensor(in.Keys.Shape()...)
	}
	err := tensor.Try(func() error {
		y, _ := l.Forward(in)
		value = float64(y.Value().Item())
		return nil
	})
	if err != nil || !(value > 0 && value <= math.MaxFloat32) {
		return 0
	}
	return value
}

// each returns f of all of xs.
func each(xs []*autograd.Var, f func(*autograd.Var) *autograd.Var) (ys []*autograd.Var) {
	for _, x := range xs {
		ys = append(ys, f(x))
	}
	return ys
}

// stall follows a loss beside its chance over stretches of steps.
type stall struct {
	steps  int
	halves [2]struct{ value, chance float64 } // sums over each half of a stretch
	told   bool
}

// add takes in a step. At the end of a stretch it says whether the loss stayed where chance puts it: in the second half its
// mean was no more than half a percent below chance, nor below that of the first half. It says so once, until the loss
// leaves. A loss without a chance is never there.
func (s *stall) add(value, chance float64, stretch int) (stays bool, mean, expected float64) {
	if chance == 0 {
		s.pause()
		return false, 0, 0
	}
	half := &s.halves[min(1, 2*s.steps/stretch)]
	half.value, half.chance = half.value+value, half.chance+chance
	if s.steps++; s.steps < stretch {
		return false, 0, 0
	}
	first, second := s.halves[0], s.halves[1]
	before, after := first.value/first.chance, second.value/second.chance
	n := float64(stretch / 2)
	s.pause()
	there := after > 0.995
	stays = there && after > 0.995*before && !s.told
	s.told = there && (s.told || stays)
	return stays, second.value / n, second.chance / n
}

// pause begins another stretch.
func (s *stall) pause() { *s = stall{told: s.told} }
