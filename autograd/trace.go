package autograd

// Traced is an operation that a tape with Mode.Trace has run.
type Traced struct {
	Name       string // as given to Op, such as "nn.Conv2d"
	In         []*Var
	Out        *Var
	Attributes Attributes // as given to Var.Describe; nil: none
}

// Attributes are what an operation computes with besides its inputs, by name: numbers, strings, slices of them, tensors.
type Attributes map[string]any

// Trace returns the operations of this step in the order they ran, for those who write a network down in another form. It is
// empty without Mode.Trace. Values that no operation returned are parameters and constants.
func (t *Tape) Trace() []Traced { return t.trace }

// Describe adds attributes to the trace of the operation that has just returned v, and returns v. On a tape without
// Mode.Trace it does nothing, and attributes is not called.
func (v *Var) Describe(attributes func() Attributes) *Var {
	if t := v.tape; t.mode.Trace {
		if i := len(t.trace) - 1; i >= 0 && t.trace[i].Out == v {
			t.trace[i].Attributes = attributes()
		}
	}
	return v
}

// Param returns the parameter that v is the value of, or nil.
func (v *Var) Param() *Param { return v.param }
