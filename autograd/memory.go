package autograd

import "github.com/longtail-ml/longtail/tensor"

// memory lends arrays by exact length. A training step asks for the same lengths each time, so after the first step
// nothing is allocated. Lengths that go unasked for several steps are given up.
type memory struct {
	free map[int][][]float32
	idle map[int]int // steps since a length was asked for
	kept [][]float32 // lent until reset
}

// maxIdle is how many steps a length is kept unused: the last, smaller batch of an evaluation comes and goes.
const maxIdle = 4

// keep lends memory until reset. Its contents are undefined.
func (m *memory) keep(shape []int) *tensor.Tensor {
	x := m.borrow(shape)
	m.kept = append(m.kept, x.Data())
	return x
}

// borrow lends memory until release. Its contents are undefined.
func (m *memory) borrow(shape []int) *tensor.Tensor {
	n := tensor.Shape(shape).Len()
	delete(m.idle, n)
	list := m.free[n]
	if len(list) == 0 {
		return tensor.New(shape...)
	}
	v := list[len(list)-1]
	m.free[n] = list[:len(list)-1]
	x, err := tensor.FromSlice(v, shape...)
	if err != nil {
		panic(err)
	}
	return x
}

func (m *memory) release(x *tensor.Tensor) { m.give(x.Data()) }

func (m *memory) give(v []float32) {
	if m.free == nil {
		m.free, m.idle = map[int][][]float32{}, map[int]int{}
	}
	m.free[len(v)] = append(m.free[len(v)], v)
}

func (m *memory) reset() {
	for _, v := range m.kept {
		m.give(v)
	}
	clear(m.kept)
	m.kept = m.kept[:0]
	for n := range m.free {
		if m.idle[n]++; m.idle[n] > maxIdle {
			delete(m.free, n)
			delete(m.idle, n)
		}
	}
}
