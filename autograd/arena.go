package autograd

// Floats returns n zeros that live until Reset: the few values a channel that an operation keeps for Backward, say.
func (t *Tape) Floats(n int) []float32 { return t.floats.lend(n) }

// Float64s is Floats in float64.
func (t *Tape) Float64s(n int) []float64 { return t.wide.lend(n) }

// arena lends small arrays, one behind the other. When a step asks for more than it has, it makes a larger array, so that soon
// a step like the last finds room for everything.
type arena[T float32 | float64] struct {
	values []T
	lent   int
}

func (a *arena[T]) lend(n int) []T {
	if a.lent+n > len(a.values) {
		a.values, a.lent = make([]T, max(2*len(a.values), n, 1<<10)), 0
	}
	v := a.values[a.lent:][:n:n]
	a.lent += n
	clear(v)
	return v
}
