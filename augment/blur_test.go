package augment

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

// naiveBlur sums over all mirrored pixels in float64, in two dimensions at once.
func naiveBlur(m *dataset.Image, sigma float64) []float64 {
	out, r := make([]float64, len(m.Pix)), int(math.Ceil(4*sigma))
	for y := range m.Height {
		for x := range m.Width {
			for c := range m.Channels {
				sum, total := 0.0, 0.0
				for dy := -r; dy <= r; dy++ {
					for dx := -r; dx <= r; dx++ {
						w := math.Exp(-float64(dx*dx+dy*dy) / (2 * sigma * sigma))
						at := (mirrored(y+dy, m.Height)*m.Width+mirrored(x+dx, m.Width))*m.Channels + c
						sum, total = sum+w*float64(m.Pix[at]), total+w
					}
				}
				out[(y*m.Width+x)*m.Channels+c] = sum / total
			}
		}
	}
	return out
}

func TestBlurIsAGaussian(t *testing.T) {
	for _, m := range []*dataset.Image{picture(9, 7, 3), picture(1, 5, 1), picture(4, 1, 4), picture(1, 1, 3), picture(20, 20, 1)} {
		for _, sigma := range []float64{0.1, 0.5, 1, 2, 3.3} {
			got, want := clone(m), naiveBlur(m, sigma)
			blur(got, sigma)
			for i, v := range got.Pix {
				require.InDelta(t, want[i], float64(v), 0.501, "sigma %v", sigma)
			}
		}
	}
}

func TestMirrored(t *testing.T) {
	var got []int
	for i := -5; i < 8; i++ {
		got = append(got, mirrored(i, 3))
	}
	require.Equal(t, []int{1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1}, got)
	require.Zero(t, mirrored(-4, 1))
}

func TestGaussianBlur(t *testing.T) {
	requireWellBehaved(t, GaussianBlur{P: 0.5})
	m := picture(8, 8, 1)
	require.Zero(t, frequency(GaussianBlur{}, m), "the zero value never acts")
	require.InDelta(t, 0.5, frequency(GaussianBlur{P: 0.5, MinSigma: 1}, m), 0.04) // five standard deviations
}

func TestBlurOfAnImageWithoutPixels(t *testing.T) {
	for _, s := range []dataset.Shape{{Height: 3, Channels: 3}, {Width: 3, Channels: 3}, {Height: 3, Width: 3}, {}} {
		img := &dataset.Image{Height: s.Height, Width: s.Width, Channels: s.Channels}
		GaussianBlur{P: 1}.Apply(img, rand.New(rand.NewPCG(1, 2)))
		require.Equal(t, s, img.Shape())
	}
}
