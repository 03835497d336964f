package tensor

import "strings"

// Error is a misuse of the algebra: shapes that do not fit, or a variable used outside its step. Operations panic with
// *Error; functions that return errors (training, evaluation, construction) recover it and return it.
type Error struct {
	Op     string  // the operation, as in "nn.Linear"
	Path   string  // the parameter concerned, as in "backbone.layer1.0.conv1.weight"; empty if none or not named
	Shapes []Shape // the shapes given, in argument order
	Detail string  // what was expected
}

// Error returns one line: the operation, the parameter, the shapes, what was expected.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Path != "" {
		b.WriteString(" (" + e.Path + ")")
	}
	for i, s := range e.Shapes {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(" " + s.String())
	}
	return b.String() + ": " + e.Detail
}

// Try calls fn and returns its error; a panic with *Error in fn becomes the error, any other panic goes on.
func Try(fn func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Error:
			err = p
		default:
			panic(p)
		}
	}()
	return fn()
}
