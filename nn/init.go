package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/tensor"
)

// HeNormal fills x with normal values of variance 2/fanIn (arXiv 1502.01852), right before a ReLU.
func HeNormal(x *tensor.Tensor, fanIn int, rng *rand.Rand) {
	std := math.Sqrt(2 / float64(max(fanIn, 1)))
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64() * std)
	}
}

// XavierUniform fills x with uniform values of variance 2/(fanIn+fanOut) (Glorot and Bengio, 2010).
func XavierUniform(x *tensor.Tensor, fanIn, fanOut int, rng *rand.Rand) {
	uniform(x, math.Sqrt(6/float64(max(fanIn+fanOut, 1))), rng)
}

// source is the randomness of first weights.
func source(seed uint64, rng *rand.Rand) *rand.Rand {
	if rng != nil {
		return rng
	}
	return rand.New(rand.NewPCG(seed, 0))
}

// checkSizes panics unless all sizes of a layer, by their names, are at least least.
func checkSizes(op, names string, least int, sizes ...int) {
	for _, n := range sizes {
		if n < least {
			panic(&tensor.Error{Op: op, Detail: fmt.Sprintf("%s: %v: must be at least %d", names, sizes, least)})
		}
	}
}

// uniform fills x with values in [−bound, bound).
func uniform(x *tensor.Tensor, bound float64, rng *rand.Rand) {
	for i := range x.Data() {
		x.Data()[i] = float32((rng.Float64()*2 - 1) * bound)
	}
}
