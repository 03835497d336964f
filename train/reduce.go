package train

import (
	"github.com/longtail-ml/longtail/nn"
)

// sumStatistics is autograd.Mode.Sum.
func (r *ranks) sumStatistics(x []float64) error { return r.send(r.wide.AllReduce(r, x)) }

// bucketSize is how many numbers of gradients are summed at once.
const bucketSize = 1 << 20

// reduce sums the gradients of all ranks, in buckets.
func (r *ranks) reduce(params []nn.Entry) error {
	var waiting [][]float32
	full := 0
	flush := func() error {
		r.bucket = r.bucket[:0]
		for _, g := range waiting {
			r.bucket = append(r.bucket, g...)
		}
		if err := r.send(r.sums.AllReduce(r, r.bucket)); err != nil {
			return err
		}
		at := 0
		for _, g := range waiting {
			at += copy(g, r.bucket[at:])
		}
		waiting, full = waiting[:0], 0
		return nil
	}
	for _, e := range params {
		if e.Param.Grad == nil || e.Param.Frozen {
			continue
		}
		g := e.Param.Grad.Data()
		if len(g) >= bucketSize {
			if err := r.send(r.sums.AllReduce(r, g)); err != nil {
				return err
			}
			continue
		}
		if full+len(g) > bucketSize {
			if err := flush(); err != nil {
				return err
			}
		}
		waiting, full = append(waiting, g), full+len(g)
	}
	return flush()
}

// joinBuffers makes the buffers of the network, such as running statistics, the mean of all ranks'.
func (r *ranks) joinBuffers() error {
	if !r.several() {
		return nil
	}
	r.values = r.values[:0]
	for _, b := range r.buffers {
		for _, v := range b.Data() {
			r.values = append(r.values, float64(v))
		}
	}
	if err := r.send(r.wide.AllReduce(r, r.values)); err != nil {
		return err
	}
	at := 0
	for _, b := range r.buffers {
		for i := range b.Data() {
			b.Data()[i] = float32(r.values[at] / float64(r.Size()))
			at++
		}
	}
	return nil
}
