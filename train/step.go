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
	// Reduce joins the gradients with those of other ranks, after all of backward and before the norm is taken. nil: there
	// are none.
	Reduce func([]nn.Entry) error
}

// Take does a whole step on one batch: forward puts the loss, a scalar, on the tape. The norm is that of the gradient
// before clipping. A loss or gradient that is not finite is a *NonFiniteError, and only gradients have changed.
func (s *Step) Take(rate float64, m autograd.Mode, forward func(*autograd.Tape) (*autograd.Var, error)) (loss, norm float64, err error) {
	s.begin()
	if loss, err = s.add(m, 1, forward); err != nil {
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

// add joins share of the gradient of one batch. It begins with the tape, and what the batch changes waits for its Commit.
func (s *Step) add(m autograd.Mode, share float64, forward func(*autograd.Tape) (*autograd.Var, error)) (loss float64, err error) {
	s.Tape.Reset(m)
	total, err := forward(s.Tape)
	if err != nil {
		return 0, err
	}
	loss = float64(total.Value().Item())
	if share != 1 {
		total = autograd.Scale(total, share)
	}
	s.Tape.Backward(total, nil)
	return loss, nil
}

// gradient completes the gradient by those of other ranks and returns its norm.
func (s *Step) gradient() (norm float64, err error) {
	if s.Reduce != nil {
		if err := s.Reduce(s.Params); err != nil {
			return 0, fmt.Errorf("train: joining the gradients of all ranks: %w", err)
		}
	}
	return optim.GradNorm(s.Params), nil
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
