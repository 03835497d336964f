package autograd

import "github.com/longtail-ml/longtail/tensor"

// pool holds arrays by exact length. A training step asks for the same lengths each time, so after the first step
// nothing is allocated. Lengths that go unasked for several steps are given up.
type pool struct {
	free map[int][][]float32
	idle map[int]int // steps since a length was asked for
	lent int         // values, now
	peak int         // and at most in this step
}

// memory is what a tape borrows of a pool.
type memory struct {
	*pool
	shared bool        // the pool is another tape's
	kept   [][]float32 // lent until reset
}

// maxIdle is how many steps a length is kept unused: the last, smaller batch of an evaluation comes and goes.
const maxIdle = 4

// keep lends memory until reset. Its contents are undefined.
func (m *memory) keep(shape []int) *tensor.Tensor {
	x := m.borrow(shape)
	m.kept = append(m.kept, x.Data())
	return x
}

// handOver gives x, which m keeps, to another memory of the same pool; what m does not keep is copied.
func (m *memory) handOver(x *tensor.Tensor, to *memory) *tensor.Tensor {
	data := x.Data()
	for i := len(m.kept) - 1; i >= 0 && len(data) > 0; i-- {
		if v := m.kept[i]; len(v) == len(data) && &v[0] == &data[0] {
			to.kept = append(to.kept, v)
			m.kept = append(m.kept[:i], m.kept[i+1:]...)
			return x
		}
	}
	y := to.keep(x.Shape())
	copy(y.Data(), data)
	return y
}

func (m *memory) reset() {
	for _, v := range m.kept {
		m.give(v)
	}
	clear(m.kept)
	m.kept = m.kept[:0]
	if !m.shared {
		m.pool.age()
	}
}

// borrow lends memory until release. Its contents are undefined.
func (p *pool) borrow(shape []int) *tensor.Tensor {
	n := tensor.Shape(shape).Len()
	p.lent += n
	p.peak = max(p.peak, p.lent)
	delete(p.idle, n)
	list := p.free[n]
	if len(list) == 0 {
		return tensor.New(shape...)
	}
	v := list[len(list)-1]
	p.free[n] = list[:len(list)-1]
	x, err := tensor.FromSlice(v, shape...)
	if err != nil {
		panic(err)
	}
	return x
}

func (p *pool) release(x *tensor.Tensor) { p.give(x.Data()) }

func (p *pool) give(v []float32) {
	p.lent -= len(v)
	if p.free == nil {
		p.free, p.idle = map[int][][]float32{}, map[int]int{}
	}
	p.free[len(v)] = append(p.free[len(v)], v)
}

// age ends a step.
func (p *pool) age() {
	p.peak = p.lent
	for n := range p.free {
		if p.idle[n]++; p.idle[n] > maxIdle {
			delete(p.free, n)
			delete(p.idle, n)
		}
	}
}
