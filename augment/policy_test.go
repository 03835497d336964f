package augment

import (
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

func TestOperationLevels(t *testing.T) {
	for _, c := range []struct {
		op       operation
		level    int
		negative bool
		want     func(m *dataset.Image)
	}{
		{identity, 30, true, func(*dataset.Image) {}},
		{shearX, 30, false, func(m *dataset.Image) { ShearX(m, 0.3, 7) }},
		{shearX, 30, true, func(m *dataset.Image) { ShearX(m, -0.3, 7) }},
		{shearY, 15, false, func(m *dataset.Image) { ShearY(m, 0.15, 7) }},
		{translateX, 30, false, func(m *dataset.Image) { TranslateX(m, 14, 7) }}, // 150/331 of 32 is 14.5
		{translateY, 30, true, func(m *dataset.Image) { TranslateY(m, -9, 7) }},  // and of 20 it is 9.06
		{rotate, 30, true, func(m *dataset.Image) { Rotate(m, -30, 7) }},
		{brightness, 30, false, func(m *dataset.Image) { Brightness(m, 1.9) }},
		{brightness, 30, true, func(m *dataset.Image) { Brightness(m, 1-0.9) }},
		{color, 30, false, func(m *dataset.Image) { Color(m, 1.9) }},
		{contrast, 15, true, func(m *dataset.Image) { Contrast(m, 0.55) }},
		{sharpness, 30, false, func(m *dataset.Image) { Sharpness(m, 1.9) }},
		{posterize, 0, false, func(*dataset.Image) {}},
		{posterize, 30, true, func(m *dataset.Image) { Posterize(m, 4) }},
		{posterize, 23, false, func(m *dataset.Image) { Posterize(m, 5) }},
		{solarize, 0, false, func(m *dataset.Image) { Solarize(m, 255) }},
		{solarize, 17, false, func(m *dataset.Image) { Solarize(m, 111) }}, // 110.5: bytes of 111 are inverted, of 110 not
		{solarize, 30, true, func(m *dataset.Image) { Invert(m) }},
		{autoContrast, 9, true, AutoContrast},
		{equalize, 9, true, Equalize},
		{invert, 9, true, Invert},
	} {
		got, want := picture(32, 20, 3), picture(32, 20, 3)
		c.op.apply(got, c.level, 30, c.negative, 7)
		c.want(want)
		require.Equal(t, want, got, "operation %d", c.op)
	}
}

// Every level of every policy, where a whole number is made of it, in rational arithmetic.
func TestWholeNumbersOfLevelsAreExact(t *testing.T) {
	ramp := picture(256, 1, 1)
	for i := range ramp.Pix {
		ramp.Pix[i] = uint8(i)
	}
	for _, levels := range []int{autoLevels, randLevels} {
		for level := range levels + 1 {
			part := big.NewRat(int64(level), int64(levels))
			most := func(n *big.Rat) *big.Rat { return new(big.Rat).Mul(n, part) }

			threshold := new(big.Rat).Sub(big.NewRat(255, 1), most(big.NewRat(255, 1)))
			want := clone(ramp)
			for i := range want.Pix {
				if big.NewRat(int64(i), 1).Cmp(threshold) >= 0 {
					want.Pix[i] = uint8(255 - i)
				}
			}
			got := clone(ramp)
			solarize.apply(got, level, levels, false, 0)
			require.Equal(t, want, got, "solarize at level %d of %d", level, levels)

			lost, _ := strconv.Atoi(most(big.NewRat(4, 1)).FloatString(0))
			want, got = clone(ramp), clone(ramp)
			Posterize(want, 8-lost)
			posterize.apply(got, level, levels, false, 0)
			require.Equal(t, want, got, "posterize at level %d of %d", level, levels)

			for side := 1; side <= 1400; side++ { // four times 331
				pixels := most(big.NewRat(150*int64(side), 331))
				whole := new(big.Int).Quo(pixels.Num(), pixels.Denom())
				require.EqualValues(t, whole.Int64(), translation(side, level, levels), "level %d of %d, side %d", level, levels, side)
			}
		}
	}
	wide := picture(331, 1, 3)
	want := clone(wide)
	TranslateX(want, -55, 7)
	translateX.apply(wide, 11, 30, true, 7)
	require.Equal(t, want, wide)
}

func TestAutoAugment(t *testing.T) {
	requireWellBehaved(t, AutoAugment{Fill: 128})
	perOperation := map[operation]int{}
	for _, sub := range cifarPolicy {
		for _, s := range sub {
			perOperation[s.op]++
			require.True(t, s.p >= 0 && s.p <= 1 && s.level >= 0 && s.level <= 9)
		}
	}
	require.Equal(t, map[operation]int{ // counted in table 7 of the paper
		invert: 3, contrast: 2, rotate: 1, translateX: 2, sharpness: 5, shearY: 2, translateY: 5, autoContrast: 7,
		equalize: 9, posterize: 1, color: 5, brightness: 4, solarize: 4}, perOperation)

	// Every outcome of a sub-policy by its probability: does either operation act, and which way.
	odds := map[string]float64{}
	for _, sub := range cifarPolicy {
		for way := range 16 {
			m, p := dull(), 1./25/4
			for i, s := range sub {
				acts, negative := way>>(2*i)&1 == 1, way>>(2*i)&2 == 2
				if acts {
					s.op.apply(m, s.level, 9, negative, 128)
					p *= s.p
				} else {
					p *= 1 - s.p
				}
			}
			odds[string(m.Pix)] += p
		}
	}
	requireFrequencies(t, AutoAugment{Fill: 128}, odds)
}

func TestRandAugment(t *testing.T) {
	requireWellBehaved(t, RandAugment{N: 2, M: 9})
	require.Zero(t, frequency(RandAugment{M: 9}, dull()), "no operations")
	for _, magnitude := range []int{0, 9, 30} {
		odds := map[string]float64{}
		for op := identity; op <= equalize; op++ {
			for _, negative := range []bool{false, true} {
				m := dull()
				op.apply(m, magnitude, 30, negative, 50)
				odds[string(m.Pix)] += 1. / 28
			}
		}
		requireFrequencies(t, RandAugment{N: 1, M: magnitude, Fill: 50}, odds)
	}
}

// dull is an image that every operation changes.
func dull() *dataset.Image {
	rng, m := Key{Seed: 77}.Rand(), picture(18, 18, 3)
	for i := range m.Pix {
		m.Pix[i] = uint8(60 + rng.IntN(60) + rng.IntN(60) + 20*(i%3))
	}
	return m
}

// requireFrequencies checks how often tr makes each result of a dull image.
func requireFrequencies(t *testing.T, tr Transform, odds map[string]float64) {
	t.Helper()
	const n = 4000
	seen, rng, original := map[string]int{}, Key{Seed: 6}.Rand(), dull()
	for range n {
		m := clone(original)
		tr.Apply(m, rng)
		seen[string(m.Pix)]++
	}
	for pix := range seen {
		require.Contains(t, odds, pix)
	}
	total := 0.0
	for pix, p := range odds {
		require.InDelta(t, n*p, seen[pix], 5*math.Sqrt(n*p)+5)
		total += p
	}
	require.InDelta(t, 1, total, 1e-9)
}

func TestRecipes(t *testing.T) {
	for _, r := range []Transform{CIFARStrong(), SimAugment(32), SimAugment(224)} {
		require.NoError(t, Validate(r))
		requireWellBehaved(t, r)
	}
	require.Len(t, SimAugment(32), 4)
	require.Len(t, SimAugment(64), 5)
}
