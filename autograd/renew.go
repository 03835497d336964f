package autograd

import "github.com/longtail-ml/longtail/tensor"

// Renewable says how the value of v can be written again, of what the operation keeps for its backward pass anyway: a cheap
// one of its input. It makes Drop possible. Operations that know source can do without the value, see Source; nil is none. A
// source with a method Drop is told.
func (v *Var) Renewable(renew func(y *tensor.Tensor), source any) {
	if v.needs {
		v.renew, v.source = renew, source
	}
}

// Drop says that the forward pass has no more use for the value of v: until the backward pass, or who else reads it, wants it
// again, its memory serves other values, if it is Renewable. A value that anyone has taken by Value or Data stays where it is.
// After Backward a dropped value is gone.
func (v *Var) Drop() {
	v.check("Var.Drop")
	if v.renew == nil || v.read.Load() {
		return
	}
	v.dropped = true
	if v.value != nil {
		v.tape.memory.release(v.value)
		v.value = nil
	}
	if d, ok := v.source.(interface{ Drop() }); ok {
		d.Drop()
	}
}

// Peek is Value for those who keep nothing of it: the tensor must not be used after the operation, or the backward function,
// that asks for it has returned, so that Drop can take its memory.
func (v *Var) Peek() *tensor.Tensor {
	v.check("Var.Value")
	if v.value == nil {
		if v.renew == nil {
			panic(&tensor.Error{Op: "Var.Value", Shapes: []tensor.Shape{v.shape},
				Detail: "the value was dropped, and Backward has used up what it could be made of"})
		}
		v.value = v.tape.memory.borrow(v.shape)
		v.renew(v.value)
	}
	return v.value
}

// Source returns what Renewable was given, if the value was dropped and is not there: what to compute of in its place.
func (v *Var) Source() any {
	v.check("Var.Source")
	if v.value != nil {
		return nil
	}
	return v.source
}

// expire ends what Renewable promises: the operation of v has run backward.
func (v *Var) expire(m *memory) {
	v.renew, v.source = nil, nil
	if v.dropped && !v.read.Load() && v.value != nil {
		m.release(v.value)
		v.value = nil
	}
}
