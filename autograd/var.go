package autograd

import (
	"fmt"
	"sync/atomic"

	"github.com/longtail-ml/longtail/tensor"
)

// Var is a value on a tape. It is valid until the tape is reset.
type Var struct {
	tape  *Tape
	step  uint64         // the tape's step this Var belongs to
	value *tensor.Tensor // nil: away, see Drop
	shape tensor.Shape
	grad  *tensor.Tensor // while Backward runs
	param *Param         // of a leaf made by Tape.Param

	renew   func(y *tensor.Tensor) // see Renewable
	source  any
	read    atomic.Bool // by Value, of loops over several cores too
	needs   bool        // a gradient is wanted here
	dropped bool        // by Drop
}

// Value returns the tensor, which the caller must not change. It panics with *tensor.Error after the tape was reset.
func (v *Var) Value() *tensor.Tensor {
	if !v.read.Load() {
		v.read.Store(true)
	}
	return v.Peek()
}

// Shape returns the dimensions of the value.
func (v *Var) Shape() tensor.Shape {
	v.check("Var.Shape")
	return v.shape
}

// Data returns the values, row-major.
func (v *Var) Data() []float32 { return v.Value().Data() }

// Dim returns dimension i; a negative i counts from the last. It panics with *tensor.Error if there is none.
func (v *Var) Dim(i int) int {
	v.check("Var.Dim")
	at := i
	if at < 0 {
		at += len(v.shape)
	}
	if at < 0 || at >= len(v.shape) {
		panic(&tensor.Error{Op: "autograd.Var.Dim", Shapes: []tensor.Shape{v.shape}, Detail: fmt.Sprintf("there is no dimension %d", i)})
	}
	return v.shape[at]
}

// Tape returns the tape the Var is on.
func (v *Var) Tape() *Tape {
	v.check("Var.Tape")
	return v.tape
}

// NeedsGrad reports whether Backward will want a gradient of this value.
func (v *Var) NeedsGrad() bool { return v.needs }

// Path returns the name of the first parameter among vars, for error messages.
func Path(vars ...*Var) string {
	for _, v := range vars {
		if v != nil && v.param != nil && v.param.Name != "" {
			return v.param.Name
		}
	}
	return ""
}

func (v *Var) check(op string) {
	if v.step != v.tape.step {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{v.shape},
			Detail: "this Var belongs to an earlier step: its tape has been reset"})
	}
}
