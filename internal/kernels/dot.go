package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

const (
	// dotRun is the number of terms of a dot product that are added in float32.
	dotRun = 1 << 12
	// vectorTask is the number of elements, read once, that are worth handing to another core.
	vectorTask = 1 << 17
)

// Dot returns Σ x·y, for y at least as long as x. Runs of dotRun terms are added in float32, the runs in float64.
func Dot(x, y []float32) float32 {
	y = y[:len(x)]
	switch {
	case len(x) <= dotRun:
		return dot(x, y)
	case len(x) <= vectorTask:
		return float32(dotRuns(x, y))
	}
	partial := make([]float64, (len(x)+vectorTask-1)/vectorTask)
	parallel.Range(len(x), vectorTask, func(lo, hi int) {
		partial[lo/vectorTask] = dotRuns(x[lo:hi], y[lo:hi])
	})
	var sum float64
	for _, v := range partial {
		sum += v
	}
	return float32(sum)
}

// dotRuns is Dot on the calling goroutine.
func dotRuns(x, y []float32) float64 {
	var sum float64
	for len(x) > dotRun {
		sum += float64(dot(x[:dotRun], y[:dotRun]))
		x, y = x[dotRun:], y[dotRun:]
	}
	return sum + float64(dot(x, y))
}

// dot is the product of one run.
func dot(x, y []float32) float32 {
	if len(x) > 0 {
		if sum, ok := dotVec(&x[0], &y[:len(x)][0], len(x)); ok {
			return sum
		}
	}
	var s0, s1, s2, s3 float32
	for len(x) >= 4 && len(y) >= 4 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}
