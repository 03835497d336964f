package distributed

import (
	"github.com/longtail-ml/longtail/internal/kernels"
)

// block is how many numbers are summed at once: what a rank receives of them takes as much memory as they do.
const block = 4 << 20

// Reducer sums over ranks and keeps the memory it works in. The zero value is ready.
type Reducer[T float32 | float64] struct {
	parts []T
}

// AllReduce makes x the sum of all ranks' x, added in the order of ranks: ((x0 + x1) + x2) + … in the type of x, the same bits on
// every rank and in every run. Each rank sums a part of x, which the others send it, and then has the sums of the others.
func AllReduce[T float32 | float64](c Communicator, x []T) error {
	return new(Reducer[T]).AllReduce(c, x)
}

// AllReduce is the function AllReduce.
func (r *Reducer[T]) AllReduce(c Communicator, x []T) error {
	if c.Size() == 1 {
		return nil
	}
	for len(x) > block {
		if err := r.reduce(c, x[:block]); err != nil {
			return err
		}
		x = x[block:]
	}
	return r.reduce(c, x)
}

func (r *Reducer[T]) reduce(c Communicator, x []T) error {
	size, rank := c.Size(), c.Rank()
	counts := Shards(len(x), size)
	from, to := Shard(len(x), rank, size)
	n := to - from
	if len(r.parts) < n*size {
		r.parts = make([]T, n*size)
	}
	parts, same := r.parts[:n*size], make([]int, size)
	for i := range same {
		same[i] = n
	}
	if err := c.AllToAll(bytesOf(x), inBytes[T](counts), bytesOf(parts), inBytes[T](same)); err != nil {
		return err
	}
	sum := parts[:n]
	for i := 1; i < size; i++ {
		add(sum, parts[i*n:(i+1)*n])
	}
	copy(x[from:to], sum)
	return AllGather(c, x, counts)
}

// add adds x to sum.
func add[T float32 | float64](sum, x []T) {
	if s, ok := any(sum).([]float32); ok {
		kernels.AddScaled(s, 1, any(x).([]float32))
		return
	}
	for i, v := range x {
		sum[i] += v
	}
}
