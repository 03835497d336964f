package nn

import (
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

// uniform fills x with values in [−bound, bound).
func uniform(x *tensor.Tensor, bound float64, rng *rand.Rand) {
	for i := range x.Data() {
		x.Data()[i] = float32((rng.Float64()*2 - 1) * bound)
	}
}
