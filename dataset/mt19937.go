package dataset

import "math/bits"

// mt19937 is the Mersenne Twister as numpy.random.RandomState seeds and uses it, kept for the sake of published splits.
type mt19937 struct {
	state [624]uint32
	at    int
}

func newMT19937(seed uint32) *mt19937 {
	m := &mt19937{at: 624}
	for i := range m.state {
		m.state[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return m
}

func (m *mt19937) next() uint32 {
	if m.at == len(m.state) {
		m.refill()
	}
	y := m.state[m.at]
	m.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (m *mt19937) refill() {
	s := &m.state
	for i := range s {
		y := s[i]&0x80000000 | s[(i+1)%624]&0x7fffffff
		s[i] = s[(i+397)%624] ^ y>>1 ^ (y&1)*0x9908b0df
	}
	m.at = 0
}

// interval draws from 0 to most inclusive as RandomState does: masked bits, drawn again while they are too large.
func (m *mt19937) interval(most uint32) uint32 {
	if most == 0 {
		return 0
	}
	mask := uint32(1)<<bits.Len32(most) - 1
	for {
		if v := m.next() & mask; v <= most {
			return v
		}
	}
}

func (m *mt19937) shuffle(v []int) {
	for i := len(v) - 1; i > 0; i-- {
		j := m.interval(uint32(i))
		v[i], v[j] = v[j], v[i]
	}
}
