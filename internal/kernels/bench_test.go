package kernels

import "testing"

// BenchmarkPasses times the kernels that pass over their values once, at sizes of ResNet-32 with a batch of 128 (the
// maximum at those of an ImageNet stem with a batch of 8).
func BenchmarkPasses(b *testing.B) {
	r := newRand(1)
	const params, images, c, dim = 3 * 3 * 64 * 64, 128, 64, 128
	value, buf, mean, square, grad := randoms(r, params), randoms(r, params), randoms(r, params), make([]float32, params), randoms(r, params)
	features, pooled := randoms(r, images*8*8*c), randoms(r, images*c)
	z, y, dz, norms := randoms(r, 1024*dim), make([]float32, 1024*dim), make([]float32, 1024*dim), make([]float32, 1024)
	stem, maxima, arg := randoms(r, 8*112*112*c), make([]float32, 8*56*56*c), make([]int32, 8*56*56*c)
	for _, k := range []struct {
		name   string
		values int
		run    func()
	}{
		{"SGDStep", params, func() { SGDStep(SGD{Rate: 1e-3, Momentum: 0.9, Decay: 1e-4}, value, buf, grad) }},
		{"AdamStep", params, func() { AdamStep(adamStep, value, mean, square, grad) }},
		{"GlobalAvgPool", len(features), func() { GlobalAvgPool(features, images, 8, 8, c, pooled) }},
		{"GlobalAvgPoolGrad", len(features), func() { GlobalAvgPoolGrad(pooled, images, 8, 8, c, features) }},
		{"MaxPool", len(stem), func() { MaxPool(stem, 8, 112, 112, c, 3, 2, 1, maxima, arg) }},
		{"MaxPoolGrad", len(stem), func() { MaxPoolGrad(maxima, arg, 8, 112, 112, c, 3, 2, 1, stem) }},
		{"NormalizeRows", len(z), func() { NormalizeRows(y, norms, z, 1024, dim, 1e-12) }},
		{"NormalizeRowsGrad", len(z), func() { NormalizeRowsGrad(dz, z, y, norms, 1024, dim, 1e-12) }},
		{"Sigmoid", len(z), func() { Sigmoid(y, z) }},
		{"Tanh", len(z), func() { Tanh(y, z) }},
		{"SumSquares", len(z), func() { SumSquares(z) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.run()
			}
			b.ReportMetric(float64(k.values)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gvalues/s")
		})
	}
}
