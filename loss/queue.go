package loss

import (
	"encoding/binary"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Queue holds the embeddings of the last steps with their labels, for losses to contrast with (arXiv 1911.05722). It
// starts empty and drops the oldest rows when full. The losses that have a queue fill it after each step that is kept.
type Queue struct {
	keys *tensor.Tensor // [size, D]
	ring ring
}

// mostKeys is how many values a queue, or the means of classes, may have, 4 GiB: the largest queue of a paper has 8 million.
const mostKeys = 1 << 30

// NewQueue returns an empty queue for size embeddings of the given width. It is an error if one is not positive.
func NewQueue(size, dim int) (*Queue, error) {
	if size < 1 || dim < 1 {
		return nil, fmt.Errorf("loss: queue: %d rows of width %d: both must be at least 1", size, dim)
	}
	if size > mostKeys/dim {
		return nil, fmt.Errorf("loss: queue: %d rows of width %d: at most %d values are kept", size, dim, mostKeys)
	}
	return &Queue{keys: tensor.New(size, dim), ring: ring{labels: make([]int, size)}}, nil
}

// Len is how many embeddings the queue holds now.
func (q *Queue) Len() int { return q.ring.filled }

// Add puts rows [R, D] with their labels into the queue, in order. A NaN stays until it has passed through.
func (q *Queue) Add(rows *tensor.Tensor, labels []int) {
	size, dim := q.keys.Dim(0), q.keys.Dim(1)
	if s := rows.Shape(); len(s) != 2 || s[0] != len(labels) || s[1] != dim {
		panic(&tensor.Error{Op: "loss.Queue", Shapes: []tensor.Shape{s, {len(labels), dim}},
			Detail: "needs a row of the queue's width for each label"})
	}
	for i, y := range labels {
		copy(q.keys.Data()[q.ring.next*dim:(q.ring.next+1)*dim], rows.Data()[i*dim:])
		q.ring.labels[q.ring.next] = y
		q.ring.next = (q.ring.next + 1) % size
		q.ring.filled = min(q.ring.filled+1, size)
	}
}

// Visit shows the rows, and labels and position.
func (q *Queue) Visit(v nn.Visitor) {
	v.Buffer("keys", q.keys)
	v.State("ring", &q.ring)
}

// on returns the rows it holds [Len, D] as a constant, and their labels.
func (q *Queue) on(t *autograd.Tape) (*autograd.Var, []int) {
	return t.Const(t.Buffer(q.keys).Rows(0, q.ring.filled)), q.ring.labels[:q.ring.filled]
}

// ring is the state of a queue besides its rows.
type ring struct {
	labels       []int
	next, filled int
}

// MarshalBinary writes position, length and labels as little-endian integers of 8 bytes.
func (r *ring) MarshalBinary() ([]byte, error) {
	out := make([]byte, 0, 8*(2+len(r.labels)))
	for _, v := range append([]int{r.next, r.filled}, r.labels...) {
		out = binary.LittleEndian.AppendUint64(out, uint64(v))
	}
	return out, nil
}

// UnmarshalBinary reads what MarshalBinary wrote for a queue of the same size.
func (r *ring) UnmarshalBinary(data []byte) error {
	size := len(r.labels)
	if len(data) != 8*(2+size) {
		return fmt.Errorf("loss: queue: %d bytes of state, a queue of %d rows has %d: make the queue of the size it was saved with",
			len(data), size, 8*(2+size))
	}
	v := make([]int, 2+size)
	for i := range v {
		v[i] = int(binary.LittleEndian.Uint64(data[8*i:]))
	}
	if v[0] < 0 || v[0] >= size || v[1] < 0 || v[1] > size {
		return fmt.Errorf("loss: queue: position %d and length %d do not fit a queue of %d rows: the state is damaged",
			v[0], v[1], size)
	}
	r.next, r.filled = v[0], v[1]
	copy(r.labels, v[2:])
	return nil
}
