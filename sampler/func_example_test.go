package sampler_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/sampler"
)

// A tenth of the images in each epoch, the same tenth for a seed and an epoch.
func ExampleFunc() {
	tenth := sampler.Func(func(labels []int, p sampler.Plan) ([]int, error) {
		rng := rand.New(rand.NewPCG(p.Seed, uint64(p.At.Epoch)))
		return rng.Perm(len(labels))[:len(labels)/10], nil
	})
	drawn, err := tenth.Epoch(make([]int, 200), sampler.Plan{Seed: 1})
	fmt.Println(len(drawn), err)
	// Output: 20 <nil>
}
