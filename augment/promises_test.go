package augment

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

// counting counts the values drawn from a source.
type counting struct {
	rand.Source
	n int
}

func (c *counting) Uint64() uint64 {
	c.n++
	return c.Source.Uint64()
}

func picture(width, height, channels int, pix ...uint8) *dataset.Image {
	if len(pix) == 0 {
		for i := range width * height * channels {
			pix = append(pix, uint8(37*i+1))
		}
	}
	return &dataset.Image{Width: width, Height: height, Channels: channels, Pix: pix}
}

func clone(m *dataset.Image) *dataset.Image {
	c := *m
	c.Pix = slices.Clone(m.Pix)
	return &c
}

// requireWellBehaved checks what every transform promises.
func requireWellBehaved(t *testing.T, tr Transform) {
	t.Helper()
	for _, m := range []*dataset.Image{picture(32, 32, 3), picture(1, 1, 1), picture(1, 1, 3), picture(5, 2, 1),
		picture(2, 5, 4), {}} {
		black := clone(m)
		clear(black.Pix)
		for seed := range uint64(20) {
			key := Key{Seed: seed}
			a, b := clone(m), clone(m)
			tr.Apply(a, key.Rand())
			tr.Apply(b, key.Rand())
			require.Equal(t, a, b, "the same key gives the same image")
			require.Equal(t, [4]int{m.Width, m.Height, m.Channels, len(m.Pix)},
				[4]int{a.Width, a.Height, a.Channels, len(a.Pix)})

			s1, s2 := &counting{Source: rand.NewPCG(seed, 0)}, &counting{Source: rand.NewPCG(seed, 0)}
			tr.Apply(clone(m), rand.New(s1))
			tr.Apply(black, rand.New(s2))
			require.Equal(t, s1.n, s2.n, "draws do not depend on pixels")
		}
	}
	m, rng := picture(32, 32, 3), Key{}.Rand()
	if raceDetector {
		return
	}
	require.Zero(t, testing.AllocsPerRun(50, func() { tr.Apply(m, rng) }))
}

// frequency is how often, of 4000 draws, tr changes an image.
func frequency(tr Transform, m *dataset.Image) float64 {
	changed, rng := 0, Key{Seed: 3}.Rand()
	for range 4000 {
		c := clone(m)
		tr.Apply(c, rng)
		if !slices.Equal(c.Pix, m.Pix) {
			changed++
		}
	}
	return float64(changed) / 4000
}
