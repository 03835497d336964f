package dataset

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
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

// Whatever shape is asked for, Resize gives it or says that there is none.
func TestResizeOfAbsurdShapes(t *testing.T) {
	extent := rapid.OneOf(rapid.IntRange(-2, 300), rapid.SampledFrom([]int{math.MinInt, math.MaxInt, math.MaxInt/3 + 1, math.MaxInt32, 1 << 16, 1 << 30}))
	rapid.Check(t, func(rt *rapid.T) {
		s := Shape{extent.Draw(rt, "height"), extent.Draw(rt, "width"), rapid.OneOf(rapid.IntRange(-1, 4), extent).Draw(rt, "channels")}
		if n := float64(s.Height) * float64(s.Width) * float64(s.Channels); n > 1<<24 && n <= 1<<30 && min(s.Height, s.Width, s.Channels) > 0 {
			rt.Skip("possible, and large")
		}
		var img Image
		defer func() {
			p := recover()
			if p == nil {
				require.NoError(rt, img.Check())
				require.Equal(rt, s, img.Shape())
				return
			}
			wrong, ok := p.(*ShapeError)
			require.True(rt, ok, "%v", p)
			require.ErrorContains(rt, wrong, s.String())
			pixels := float64(s.Height) * float64(s.Width)
			require.True(rt, min(s.Height, s.Width, s.Channels) < 0 || pixels > 1<<30 || pixels*float64(s.Channels) > 1<<30, "%v", s)
		}()
		img.Resize(s)
	})
}

// A picture of an image is read back as the image.
func TestPictureAndBack(t *testing.T) {
	for _, channels := range []int{1, 3} {
		m := Image{Height: 2, Width: 3, Channels: channels}
		for i := range 6 * channels {
			m.Pix = append(m.Pix, uint8(40*i))
		}
		p, err := m.Picture()
		require.NoError(t, err)
		var back Image
		require.NoError(t, Convert(p, Scale{Fit: Whole}, &back))
		for i := range back.Pix {
			require.Equal(t, m.Pix[i/3*channels+i%channels], back.Pix[i])
		}
	}
	_, err := (&Image{Height: 1, Width: 1, Channels: 2, Pix: []uint8{1, 2}}).Picture()
	require.ErrorContains(t, err, "2 channels")
	for _, m := range []Image{{Height: -1}, {Width: -1}, {Channels: -1}, {Height: -1, Width: -1, Channels: 1, Pix: []uint8{1}}} {
		require.ErrorContains(t, m.Check(), m.Shape().String()+": none of it may be negative")
	}
	require.NoError(t, (&Image{}).Check())
	_, err = (&Image{Height: 1, Width: 1, Channels: 3}).Picture()
	require.ErrorContains(t, err, "0 bytes")
	_, err = (*Image)(nil).Picture()
	require.ErrorContains(t, err, "is nil")
}
