package sampler

// Func is a sampler of your own. It must depend on nothing but its arguments.
type Func func(labels []int, p Plan) ([]int, error)

// Epoch calls f.
func (f Func) Epoch(labels []int, p Plan) ([]int, error) { return f(labels, p) }
