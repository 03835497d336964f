package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImageResizeKeepsTheBuffer(t *testing.T) {
	var m Image
	m.Resize(Shape{Height: 3, Width: 4, Channels: 3})
	require.Len(t, m.Pix, 36)
	first := &m.Pix[0]
	m.Resize(Shape{Height: 2, Width: 2, Channels: 1})
	require.Len(t, m.Pix, 4)
	require.Same(t, first, &m.Pix[0])
	m.Resize(Shape{Height: 3, Width: 4, Channels: 3})
	require.Same(t, first, &m.Pix[0])
	m.Resize(Shape{Height: 3, Width: 5, Channels: 3})
	require.Len(t, m.Pix, 45)
	m.Resize(Shape{Height: 0, Width: 0, Channels: 3})
	require.Empty(t, m.Pix)
}

func TestImageRow(t *testing.T) {
	m := Image{Width: 2, Height: 2, Channels: 2, Pix: []uint8{1, 2, 3, 4, 5, 6, 7, 8}}
	require.Equal(t, []uint8{5, 6, 7, 8}, m.Row(1))
	m.Row(0)[3] = 40
	require.Equal(t, uint8(40), m.Pix[3])
	require.Equal(t, Shape{Height: 2, Width: 2, Channels: 2}, m.Shape())
}
