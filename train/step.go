package train

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
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
	// Reduce joins the gradients with those of other ranks, after all of backward and before the norm is taken; with Rho also before
	// the second pass. nil: there are none.
	Reduce func([]nn.Entry) error

	climb climb // of Rho
	ranks int   // that have each its part of the loss backward; 0: none but this
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
	whole := func(t *autograd.Tape, _ bool) (o objective, err error) {
		if o.plain, err = forward(t); s.Rho > 0 {
			o.plain, o.steep = nil, o.plain
		}
		return o, err
	}
	if loss, err = s.add(m, 1, whole); err != nil {
		return loss, 0, err
	}
	if norm, err = s.gradient(); err != nil {
		return loss, norm, err
	}
	if !finite(loss) || !finite(norm) {
		return loss, norm, &NonFiniteError{Loss: loss, Param: badGradient(s.Params)}
	}
	s.update(rate)
	return loss, norm, nil
}

// begin clears the gradients.
func (s *Step) begin() { optim.ZeroGrad(s.Params) }

// add joins share of the gradient of one batch. It begins with the tape, and what the batch changes waits for its Commit: that
// of the last pass. forward is told when it sees the batch again.
func (s *Step) add(m autograd.Mode, share float64, forward func(t *autograd.Tape, again bool) (objective, error)) (loss float64, err error) {
	if s.Rho == 0 {
		o, err := s.pass(m, false, forward, func(o objective) *autograd.Var { return o.plain }, share)
		return o.value(), err
	}
	steep := func(o objective) *autograd.Var { return o.steep }
	s.climb.begin(s.Params)
	first, err := s.pass(m, false, forward, steep, 1)
	if err == nil {
		err = s.reduce() // all go up the same way
	}
	if err != nil {
		return 0, err
	}
	loss = first.value()
	defer s.climb.down(s.Params) // a loss may panic with a *tensor.Error
	s.climb.up(s.Params, s.Rho)
	_, err = s.pass(m, true, forward, steep, share)
	s.climb.down(s.Params)
	if err == nil && first.plain != nil {
		_, err = s.pass(m, true, forward, func(o objective) *autograd.Var { return o.plain }, share)
	}
	return loss, err
}

// pass takes a batch through the network and adds share of the gradient of one part of its loss.
func (s *Step) pass(m autograd.Mode, again bool, forward func(*autograd.Tape, bool) (objective, error), part func(objective) *autograd.Var, share float64) (objective, error) {
	s.Tape.Reset(m)
	o, err := forward(s.Tape, again)
	if err != nil {
		return objective{}, err
	}
	y := part(o)
	if share /= float64(max(s.ranks, 1)); share != 1 {
		y = autograd.Scale(y, share)
	}
	s.Tape.Backward(y, nil)
	return o, nil
}

// gradient completes the gradient by those of other ranks and returns its norm.
func (s *Step) gradient() (norm float64, err error) {
	if err := s.reduce(); err != nil {
		return 0, err
	}
	return optim.GradNorm(s.Params), nil
}

func (s *Step) reduce() error {
	if s.Reduce == nil {
		return nil
	}
	if err := s.Reduce(s.Params); err != nil {
		return fmt.Errorf("train: joining the gradients of all ranks: %w", err)
	}
	return nil
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
