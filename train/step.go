package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
)

// Step trains Params by one batch at a time: forward, backward, the gradients of other ranks, clipping, update. Trainer,
// second stages and benchmarks train by it. It keeps no state but that of its parts.
type Step struct {
	Params    []nn.Entry
	Optimizer optim.Optimizer
	Tape      *autograd.Tape
	ClipNorm  float64 // scale gradients down to this norm; 0: never
	// Rho ρ takes the gradient g of a batch at ρ·g/‖g‖ from the parameters, in a second pass (SAM, arXiv 2010.01412); 0: at the
	// parameters.
	Rho float64
	// Ranks train the same parameters by one Step each: a gradient is the mean of theirs, summed in the order of ranks. Sums go on beside
	// the backward pass, from which Mode.Sum may use the same ranks. All must run the same operations. nil: there is none but this.
	Ranks distributed.Communicator
	// Trace is told of each backward pass whose gradients are summed over ranks, and of each sum, by the goroutine that trains. nil: nobody is.
	Trace func(Span)

	climb climb  // of Rho
	ranks *ranks // of Ranks
}

// objective is the loss of a batch: what is steep has its gradient taken at Rho from the parameters. nil: nothing is.
type objective struct{ plain, steep *autograd.Var }

// value is the whole loss.
func (o objective) value() (sum float64) {
	for _, y := range []*autograd.Var{o.plain, o.steep} {
		if y != nil {
			sum += float64(y.Value().Item())
		}
	}
	return sum
}

// Take does a whole step on one batch: forward puts the loss, a scalar, on the tape, twice with Rho. The norm is that of the gradient
// before clipping. A loss or gradient that is not finite is a *NonFiniteError, and only gradients have changed.
func (s *Step) Take(rate float64, m autograd.Mode, forward func(*autograd.Tape) (*autograd.Var, error)) (loss, norm float64, err error) {
	s.begin()
	if sum := m.Sum; sum != nil && s.ranks.several() {
		m.Sum = func(x []float64) error { return s.ranks.inTurn(func() error { return sum(x) }) }
	}
	whole := func(t *autograd.Tape, _ bool) (o objective, err error) {
		if o.plain, err = forward(t); err == nil && o.plain == nil {
			return o, errors.New("train: the loss of a step is nil: return a scalar on the tape")
		}
		if s.Rho > 0 {
			o.plain, o.steep = nil, o.plain
		}
		return o, err
	}
	if loss, err = s.add(m, 1, true, whole); err != nil {
		return loss, 0, err
	}
	norm = optim.GradNorm(s.Params)
	if !finite(loss) || !finite(norm) {
		return loss, norm, &NonFiniteError{Loss: loss, Param: badGradient(s.Params)}
	}
	s.update(rate)
	return loss, norm, nil
}

// begin clears the gradients.
func (s *Step) begin() {
	optim.ZeroGrad(s.Params)
	if s.ranks == nil {
		c := s.Ranks
		if c == nil {
			c = distributed.Alone{}
		}
		s.ranks = newRanks(c, nil)
	}
	s.ranks.trace = s.Trace
}

// add joins share of the gradient of one batch, and after the last those of other ranks. It begins with the tape, and what the batch changes
// waits for its Commit: that of the last pass. forward is told when it sees the batch again.
func (s *Step) add(m autograd.Mode, share float64, last bool, forward func(t *autograd.Tape, again bool) (objective, error)) (loss float64, err error) {
	if s.Rho == 0 {
		o, err := s.pass(m, false, forward, func(o objective) *autograd.Var { return o.plain }, share, last)
		return o.value(), err
	}
	steep := func(o objective) *autograd.Var { return o.steep }
	s.climb.begin(s.Params)
	first, err := s.pass(m, false, forward, steep, 1, true) // all go up the same way
	if err != nil {
		return 0, err
	}
	loss = first.value()
	defer s.climb.down(s.Params) // a loss may panic with a *tensor.Error
	s.climb.up(s.Params, s.Rho)
	_, err = s.pass(m, true, forward, steep, share, last && first.plain == nil)
	s.climb.down(s.Params)
	if err == nil && first.plain != nil {
		_, err = s.pass(m, true, forward, func(o objective) *autograd.Var { return o.plain }, share, last)
	}
	return loss, err
}

// pass takes a batch through the network and adds share of the gradient of one part of its loss. Where it is joined, gradients are then
// those of all ranks.
func (s *Step) pass(m autograd.Mode, again bool, forward func(*autograd.Tape, bool) (objective, error), part func(objective) *autograd.Var, share float64,
	joined bool) (objective, error) {
	s.Tape.Reset(m)
	o, err := forward(s.Tape, again)
	if err != nil {
		return objective{}, err
	}
	y := part(o)
	if share /= float64(s.ranks.Size()); share != 1 {
		y = autograd.Scale(y, share)
	}
	if !joined || !s.ranks.several() {
		s.Tape.Backward(y, nil)
		return o, nil
	}
	if err := s.ranks.backward(s.Tape, y, s.Params); err != nil {
		return objective{}, fmt.Errorf("train: joining the gradients of all ranks: %w", err)
	}
	return o, nil
}

// update changes the parameters, and what waits for the end of the last batch.
func (s *Step) update(rate float64) {
	if s.ClipNorm > 0 {
		optim.ClipNorm(s.Params, s.ClipNorm)
	}
	s.Optimizer.Step(rate)
	s.Tape.Commit()
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
