package memory

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHas(t *testing.T) {
	require.True(t, Has(0))
	require.True(t, Has(1<<20))
	require.False(t, Has(math.MaxInt64))
	require.False(t, Has(1<<60))
}
