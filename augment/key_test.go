package augment

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitmix64(t *testing.T) {
	require.Equal(t, uint64(0xe220a8397b1dcdaf), splitmix64(0)) // the generator's published first output for seed 0
}

func TestKeysThatDifferGiveOtherValues(t *testing.T) {
	seen := map[uint64]Key{}
	for seed := range uint64(4) {
		for i := range 4 * 4 * 4 * 4 {
			k := Key{Seed: seed, Stream: i & 3, Epoch: i >> 2 & 3, Position: i >> 4 & 3, View: i >> 6}
			first := k.Rand().Uint64()
			require.NotContains(t, seen, first, "%v and %v", k, seen[first])
			seen[first] = k
		}
	}
	require.NotEqual(t, Key{Epoch: 1}.Rand().Uint64(), Key{Position: 1}.Rand().Uint64(), "places do not commute")
}

func TestKeyedValuesAreUniform(t *testing.T) {
	sum, pcg := 0.0, new(rand.PCG)
	rng := rand.New(pcg)
	for i := range 10000 {
		Key{Position: i}.Reseed(pcg)
		sum += rng.Float64()
	}
	require.InDelta(t, 0.5, sum/10000, 0.015) // five standard deviations
}

func TestReseedStartsOverWithoutAllocating(t *testing.T) {
	k, pcg := Key{Seed: 7, Epoch: 2, Position: 5, View: 1}, new(rand.PCG)
	rng := rand.New(pcg)
	rng.Float64()
	k.Reseed(pcg)
	require.Equal(t, k.Rand().Uint64(), rng.Uint64())
	require.Zero(t, testing.AllocsPerRun(50, func() { k.Reseed(pcg) }))
}
