package schedule

import (
	"errors"
	"fmt"
	"math"
)

// Scheduler gives a value for each moment of training. At must be pure (the same progress, the same value) and safe
// for concurrent use.
type Scheduler interface{ At(Progress) float64 }

// Func is a caller's own schedule.
type Func func(Progress) float64

// At calls f.
func (f Func) At(p Progress) float64 { return f(p) }

// Validate reports a nil function.
func (f Func) Validate() error {
	if f == nil {
		return errors.New("schedule: Func is nil: give it a function")
	}
	return nil
}

// Constant is the same value throughout; Constant(0.5) is the fixed α that arXiv 2103.14267 compares curricula with.
type Constant float64

// At returns the constant.
func (c Constant) At(Progress) float64 { return float64(c) }

// Validate reports a constant that is not finite.
func (c Constant) Validate() error { return finite("Constant", float64(c)) }

// Complement returns 1 − s: with s the weight α of the feature branch, that of the classifier branch.
func Complement(s Scheduler) Scheduler { return complement{s} }

type complement struct{ of Scheduler }

func (c complement) At(p Progress) float64 { return 1 - c.of.At(p) }

func (c complement) Validate() error { return within("the scheduler given to Complement", c.of) }

// Validator is what a Scheduler may implement for Validate to ask it about its settings.
type Validator interface{ Validate() error }

// Validate returns an error if s is nil, or if s implements Validator and reports settings that make no sense. The
// schedulers of this package all do, and pass the question on to those they contain.
func Validate(s Scheduler) error { return within("the scheduler", s) }

// within validates a scheduler held under the name what.
func within(what string, s Scheduler) error {
	if s == nil {
		return fmt.Errorf("schedule: %s is nil: set one, Constant(1) for a value that does not change", what)
	}
	if v, ok := s.(Validator); ok {
		return v.Validate()
	}
	return nil
}

func finite(what string, v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("schedule: %s is %v: it must be a finite number", what, v)
	}
	return nil
}
