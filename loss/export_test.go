package loss

import "github.com/longtail-ml/longtail/autograd"

// On is what losses see of a queue.
func (q *Queue) On(t *autograd.Tape) (*autograd.Var, []int) { return q.on(t) }

// Draw is KCL's choice of positives.
var Draw = draw
