package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImageResizeKeepsTheBuffer(t *testing.T) {
	var m Image
	m.Resize(4, 3, 3)
	require.Len(t, m.Pix, 36)
	first := &m.Pix[0]
	m.Resize(2, 2, 1)
	require.Len(t, m.Pix, 4)
	require.Same(t, first, &m.Pix[0])
	m.Resize(4, 3, 3)
	require.Same(t, first, &m.Pix[0])
	m.Resize(5, 3, 3)
	require.Len(t, m.Pix, 45)
	m.Resize(0, 0, 3)
	require.Empty(t, m.Pix)
}

func TestImageRow(t *testing.T) {
	m := Image{Width: 2, Height: 2, Channels: 2, Pix: []uint8{1, 2, 3, 4, 5, 6, 7, 8}}
	require.Equal(t, []uint8{5, 6, 7, 8}, m.Row(1))
	m.Row(0)[3] = 40
	require.Equal(t, uint8(40), m.Pix[3])
	require.Equal(t, "2×2×2", m.Shape())
}
