package autograd

import "reflect"

// Lend returns n zero values that live until Reset: what an operation keeps for its backward pass.
func Lend[T any](t *Tape, n int) []T {
	of := reflect.TypeFor[T]()
	a, ok := t.arenas[of].(*arena[T])
	if !ok {
		a = &arena[T]{}
		t.arenas[of] = a
	}
	return a.lend(n)
}

// Floats is Lend for the few values a channel, say, that an operation keeps.
func (t *Tape) Floats(n int) []float32 { return Lend[float32](t, n) }

// Float64s is Floats in float64.
func (t *Tape) Float64s(n int) []float64 { return Lend[float64](t, n) }

// Pending is Float64s for what AfterStep needs, which outlives the tape within Recompute.
func (t *Tape) Pending(n int) []float64 {
	if t.memory.shared {
		return make([]float64, n)
	}
	return t.Float64s(n)
}

// arenas are those of a tape by the type of what they lend.
type arenas map[reflect.Type]interface{ takeBack() }

// arena lends small arrays, one behind the other. When a step asks for more than it has, it makes a larger array, so that soon
// a step like the last finds room for everything.
type arena[T any] struct {
	values []T // zeros from lent on
	lent   int
}

func (a *arena[T]) lend(n int) []T {
	if a.lent+n > len(a.values) {
		a.values, a.lent = make([]T, max(2*len(a.values), n, 16)), 0
	}
	v := a.values[a.lent:][:n:n]
	a.lent += n
	return v
}

func (a *arena[T]) takeBack() {
	clear(a.values[:a.lent])
	a.lent = 0
}
