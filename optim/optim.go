package optim

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Rule makes the optimizer of a run. SGD, Adam and AdamW are settings and rules at once.
type Rule interface {
	// New returns an optimizer of params, which come from nn.Params. It is an error if a setting makes no sense, or if
	// an entry is no parameter or given twice.
	New(params []nn.Entry) (Optimizer, error)
}

// Optimizer changes its parameters by their gradients. Its own state (moving averages, step counts) is shown to visitors
// under the paths of the parameters, as in "momentum.classifier.weight".
type Optimizer interface {
	nn.Visitable
	// Step changes every parameter that is not frozen and has a gradient. It panics with *tensor.Error if a gradient
	// has another shape than its parameter.
	Step(lr float64)
}

// Off is a setting of 0, where the zero value of the field stands for another.
const Off = -1

// ZeroGrad clears the gradients of params.
func ZeroGrad(params []nn.Entry) {
	for _, e := range params {
		e.Param.ZeroGrad()
	}
}

func checkParams(params []nn.Entry) error {
	seen := make(map[*autograd.Param]string, len(params))
	for _, e := range params {
		if e.Param == nil {
			return fmt.Errorf("optim: %q is not a parameter: take the entries from nn.Params", e.Path)
		}
		if other, ok := seen[e.Param]; ok {
			return fmt.Errorf("optim: %q and %q are one parameter, which must be given once: take the entries from nn.Params",
				other, e.Path)
		}
		seen[e.Param] = e.Path
	}
	return nil
}

// gradient returns the values of e's gradient, nil if the step must pass e over.
func gradient(op string, e nn.Entry) []float32 {
	p := e.Param
	if p.Frozen || p.Grad == nil {
		return nil
	}
	if !p.Grad.Shape().Equal(p.Value.Shape()) {
		panic(&tensor.Error{Op: op, Path: e.Path, Shapes: []tensor.Shape{p.Value.Shape(), p.Grad.Shape()},
			Detail: "parameter and gradient differ in shape"})
	}
	return p.Grad.Data()
}

// nonNegative is the check of a setting that must be finite and at least 0.
func nonNegative(name string, v float64) error {
	if !(v >= 0 && !math.IsInf(v, 1)) {
		return fmt.Errorf("optim: %s is %v: it must be finite and at least 0", name, v)
	}
	return nil
}

// fraction is the check of a setting that must be at least 0 and below 1.
func fraction(name string, v float64) error {
	if !(v >= 0 && v < 1) {
		return fmt.Errorf("optim: %s is %v: it must be at least 0 and below 1", name, v)
	}
	return nil
}

// count is a number of steps, kept in checkpoints as 8 bytes, little endian.
type count uint64

// MarshalBinary returns the 8 bytes.
func (c *count) MarshalBinary() ([]byte, error) {
	return binary.LittleEndian.AppendUint64(nil, uint64(*c)), nil
}

// UnmarshalBinary reads the 8 bytes.
func (c *count) UnmarshalBinary(data []byte) error {
	if len(data) != 8 {
		return fmt.Errorf("optim: a step count has 8 bytes, not %d: this is the state of something else", len(data))
	}
	*c = count(binary.LittleEndian.Uint64(data))
	return nil
}
