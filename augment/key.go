package augment

import "math/rand/v2"

// Key is the place of one view of one image in a training run. Equal keys give equal random values, and keys that differ
// anywhere give unrelated ones, so an image's augmentation does not depend on who computes it or when.
type Key struct {
	Seed     uint64 // of the run
	Stream   int    // tells apart the streams of batches that are trained together
	Epoch    int
	Position int // of the image in the epoch
	View     int // of the image
}

// Reseed puts pcg at the start of the key's random values. It allocates nothing: a worker keeps one PCG with a rand.Rand
// over it and reseeds it for each view.
func (k Key) Reseed(pcg *rand.PCG) {
	h := splitmix64(k.Seed)
	for _, v := range [...]int{k.Stream, k.Epoch, k.Position, k.View} {
		h = splitmix64(h ^ uint64(v))
	}
	pcg.Seed(h, splitmix64(h))
}

// Rand returns a new generator at the start of the key's random values.
func (k Key) Rand() *rand.Rand {
	pcg := new(rand.PCG)
	k.Reseed(pcg)
	return rand.New(pcg)
}

// splitmix64 is one step of the generator of that name: a bijection that spreads each bit of x over all of the result.
func splitmix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
