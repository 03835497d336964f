package autograd

import (
	"math"

	"github.com/longtail-ml/longtail/tensor"
)

// memory is what a tape borrows of a pool.
type memory struct {
	*pool
	shared bool // the pool is another tape's
}

// borrow lends memory until release, or reset. Its contents are undefined.
func (m *memory) borrow(shape []int) *tensor.Tensor {
	if n := tensor.Shape(shape).Len(); n > most || n < 0 {
		return tensor.New(shape...)
	}
	return m.headers.over(m.lend(tensor.Shape(shape).Len(), m), shape)
}

// adopt makes m the memory that x was borrowed of.
func (m *memory) adopt(x *tensor.Tensor) {
	if b := m.blockOf(x.Data()); b != nil {
		b.owner = m
	}
}

// handOver gives x to another memory of the same pool, by a copy if m did not lend it as a whole.
func (m *memory) handOver(x *tensor.Tensor, to *memory) *tensor.Tensor {
	if b := m.blockOf(x.Data()); b != nil && b.owner == m && b.asked == x.Len() {
		b.owner = to
		return x
	}
	y := to.borrow(x.Shape())
	copy(y.Data(), x.Data())
	return y
}

// release takes back what was borrowed; x that was not is passed over.
func (m *memory) release(x *tensor.Tensor) {
	if b := m.blockOf(x.Data()); b != nil {
		m.take(b)
	}
}

func (m *memory) reset() {
	m.takeAll(m)
	if !m.shared {
		m.age()
	}
}

// pool lends arrays that are cut from slabs and joined again, so that values of many sizes follow each other in the same
// memory. A training step asks for the same each time, so after the first nothing is allocated. Slabs that no step needed
// for a while are given up.
type pool struct {
	slabs   []*slab
	lent    map[*float32]*block // by the first value
	spare   *block              // unused, chained by next
	largest int                 // block of the step before
	asked   int                 // and of this one
	values  int                 // lent now
	peak    int                 // and at most in this step
	headers headers
}

// slab is memory in blocks, in the order of their addresses.
type slab struct {
	data  []float32
	first *block
	used  bool // in this step
	idle  int  // steps without use
}

type block struct {
	slab           *slab
	from, size     int
	asked          int     // values, of those size
	owner          *memory // nil: free
	previous, next *block
}

const (
	maxIdle = 4                         // steps that a slab is kept unused: the last, smaller batch of an evaluation comes and goes
	line    = 16                        // values of a line of the cache, at which blocks begin
	parts   = 16                        // of a slab that a block is at least, so that a small one does not keep a large one out
	least   = 1 << 12                   // values of a slab
	most    = math.MaxInt / (8 * parts) // values that are lent: more take memory of their own, if there is so much
)

// lend finds the smallest free block that is large enough.
func (p *pool) lend(n int, owner *memory) []float32 {
	if n == 0 {
		return []float32{}
	}
	size := (n + line - 1) / line * line
	p.asked = max(p.asked, size)
	var best *block
	for _, s := range p.slabs {
		if len(s.data) > max(parts*size, least) {
			continue
		}
		for b := s.first; b != nil; b = b.next {
			if b.owner == nil && b.size >= size && (best == nil || b.size < best.size) {
				best = b
			}
		}
	}
	if best == nil {
		best = p.grow(size)
	}
	p.cut(best, size)
	best.owner, best.asked, best.slab.used = owner, n, true
	v := best.slab.data[best.from:][:n:n]
	p.lent[&v[0]] = best
	p.values += n
	p.peak = max(p.peak, p.values)
	return v
}

// grow adds a slab for a block of the size, and for others of its kind.
func (p *pool) grow(size int) *block {
	n := max(size, min(max(p.largest, p.asked), parts*size), least)
	s := &slab{data: tensor.New(n).Data()}
	s.first = p.block(s, 0, n)
	p.slabs = append(p.slabs, s)
	return s.first
}

// cut leaves a block of the size, and what is behind as another.
func (p *pool) cut(b *block, size int) {
	if b.size == size {
		return
	}
	rest := p.block(b.slab, b.from+size, b.size-size)
	b.size, rest.previous, rest.next, b.next = size, b, b.next, rest
	if rest.next != nil {
		rest.next.previous = rest
	}
}

// take makes a block free and joins it with free neighbours.
func (p *pool) take(b *block) {
	p.free(b)
	if next := b.next; next != nil && next.owner == nil {
		p.join(b, next)
	}
	if previous := b.previous; previous != nil && previous.owner == nil {
		p.join(previous, b)
	}
}

func (p *pool) free(b *block) {
	delete(p.lent, &b.slab.data[b.from])
	p.values -= b.asked
	b.owner, b.asked = nil, 0
}

// join makes one of two blocks that follow each other.
func (p *pool) join(a, b *block) {
	a.size += b.size
	if a.next = b.next; a.next != nil {
		a.next.previous = a
	}
	*b = block{next: p.spare}
	p.spare = b
}

// takeAll makes all blocks of an owner free.
func (p *pool) takeAll(owner *memory) {
	for _, s := range p.slabs {
		for b := s.first; b != nil; b = b.next {
			if b.owner == owner {
				p.free(b)
			}
		}
		for b := s.first; b.next != nil; {
			if b.owner == nil && b.next.owner == nil {
				p.join(b, b.next)
			} else {
				b = b.next
			}
		}
	}
}

func (p *pool) blockOf(v []float32) *block {
	if len(v) == 0 {
		return nil
	}
	return p.lent[&v[0]]
}

func (p *pool) block(s *slab, from, size int) *block {
	b := p.spare
	if b == nil {
		b = &block{}
	} else {
		p.spare = b.next
	}
	*b = block{slab: s, from: from, size: size}
	return b
}

// age ends a step.
func (p *pool) age() {
	p.peak = p.values
	p.largest, p.asked = p.asked, 0
	kept := p.slabs[:0]
	for _, s := range p.slabs {
		if s.idle++; s.used {
			s.idle = 0
		}
		s.used = false
		if s.idle <= maxIdle || s.first.owner != nil || s.first.next != nil {
			kept = append(kept, s)
		}
	}
	if len(kept) < len(p.slabs) {
		p.headers = headers{} // which would keep the memory
	}
	clear(p.slabs[len(kept):])
	p.slabs = kept
	p.headers.age()
}
