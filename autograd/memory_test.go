package autograd

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is lent and taken back, arrays never overlap, and all that is free becomes whole slabs again.
func TestPoolLendsWithoutOverlap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := memory{pool: &pool{lent: map[*float32]*block{}}}
	type loan struct {
		v    []float32
		mark float32
	}
	for round := range 20 {
		var loans []loan
		values := 0
		for range 300 {
			if len(loans) > 0 && rng.IntN(5) < 2 {
				i := rng.IntN(len(loans))
				l := loans[i]
				for _, v := range l.v {
					require.Equal(t, l.mark, v)
				}
				m.take(m.blockOf(l.v))
				values -= len(l.v)
				loans[i] = loans[len(loans)-1]
				loans = loans[:len(loans)-1]
				continue
			}
			n := 1 + rng.IntN(1<<rng.IntN(15))
			l := loan{m.lend(n, &m), rng.Float32()}
			require.Len(t, l.v, n)
			require.Equal(t, n, cap(l.v))
			for i := range l.v {
				l.v[i] = l.mark
			}
			loans, values = append(loans, l), values+n
			require.Equal(t, values, m.values)
			require.GreaterOrEqual(t, m.peak, values)
		}
		for _, l := range loans {
			for _, v := range l.v {
				require.Equal(t, l.mark, v)
			}
		}
		m.reset()
		require.Zero(t, m.values)
		require.Empty(t, m.lent)
		for _, s := range m.slabs {
			require.Nil(t, s.first.next, "round %d", round)
			require.Equal(t, len(s.data), s.first.size)
		}
	}
}

// Values of one size take the memory of others before them.
func TestPoolJoinsWhatIsFree(t *testing.T) {
	m := memory{pool: &pool{lent: map[*float32]*block{}}}
	held := func() (n int) {
		for _, s := range m.slabs {
			n += len(s.data)
		}
		return n
	}
	const large = 1 << 16
	for range 4 {
		a := m.borrow([]int{large})
		m.borrow([]int{large})
		m.release(a)
		b, c := m.borrow([]int{large / 2}), m.borrow([]int{large / 4})
		m.borrow([]int{large / 4})
		m.release(b)
		m.release(c)
		m.borrow([]int{large / 2})
		m.borrow([]int{large / 4})
		require.Equal(t, 2*large, held())
		m.reset()
	}
	for range maxIdle + 1 {
		m.borrow([]int{large})
		m.reset()
	}
	require.Equal(t, large, held(), "the other is given up")
}
