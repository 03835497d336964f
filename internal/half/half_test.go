package half

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryHalf(t *testing.T) {
	for h := range 1 << 16 {
		got := float64(Float32(uint16(h)))
		exponent, fraction := h>>10&0x1f, float64(h&0x3ff)
		want := math.Ldexp(1+fraction/1024, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(fraction, -24)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			require.True(t, math.IsNaN(got), "%04x", h)
			continue
		}
		require.Equal(t, math.Copysign(want, 1-2*float64(h>>15)), got, "%04x", h)
		require.Equal(t, h>>15 == 1, math.Signbit(got), "%04x", h)
	}
}
