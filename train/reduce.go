package train

import "time"

// sumStatistics is autograd.Mode.Sum.
func (r *ranks) sumStatistics(x []float64) error {
	return r.send(r.inTurn(func() error { return r.wide.AllReduce(r, x) }))
}

// inTurn does what ranks exchange within a backward pass, when the buckets that are on their way have come.
func (r *ranks) inTurn(do func() error) error {
	if r.line != nil {
		if err := r.line.wait(); err != nil {
			return err
		}
	}
	return do()
}

// reduce sums gradients over all ranks.
func (r *ranks) reduce(b bucket) error {
	began := time.Now()
	if len(b) == 1 {
		if err := r.sums.AllReduce(r, b[0].Grad.Data()); err != nil {
			return err
		}
	} else {
		r.joined = r.joined[:0]
		for _, p := range b {
			r.joined = append(r.joined, p.Grad.Data()...)
		}
		if err := r.sums.AllReduce(r, r.joined); err != nil {
			return err
		}
		at := 0
		for _, p := range b {
			at += copy(p.Grad.Data(), r.joined[at:])
		}
	}
	if r.trace != nil {
		r.spans = append(r.spans, Span{Name: spanSum, Began: began, Ended: time.Now(), Bytes: 4 * b.numbers()})
	}
	return nil
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
