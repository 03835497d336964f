package train

import "github.com/longtail-ml/longtail/autograd"

// overlap sums gradients while the backward pass goes on. Its buckets are those of an earlier pass, in the order in which rank 0's tape
// completed the gradients, and leave in this order whatever the tape of a rank completes first: all ranks send the same. A pass that they
// do not fit, the first above all, is summed when it is over.
type overlap struct {
	buckets []bucket
	place   map[*autograd.Param]int // of its bucket
	open    []int                   // gradients of each bucket that are not complete
	next    int                     // bucket to leave
	line    *line                   // while a pass goes on; nil: none does
}

// bucket is gradients that are summed at once.
type bucket []*autograd.Param

func (b bucket) numbers() (n int) {
	for _, p := range b {
		n += p.Value.Len()
	}
	return n
}

const (
	mostNumbers  = 1 << 20 // of a bucket, unless one parameter has more
	leastNumbers = 1 << 16
	fewest       = 8 // buckets that there should be
)

// buckets cuts a list of parameters.
func buckets(params []*autograd.Param) (all []bucket) {
	size := min(max(bucket(params).numbers()/fewest, leastNumbers), mostNumbers)
	full := 0
	for _, p := range params {
		n := p.Value.Len()
		if len(all) == 0 || full+n > size {
			all, full = append(all, nil), 0
		}
		last := len(all) - 1
		all[last], full = append(all[last], p), full+n
	}
	return all
}
