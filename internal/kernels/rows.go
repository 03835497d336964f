package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// LogSumExpRows sets out [rows] to log Σ exp(x) over each row of x [rows, cols]. The row's maximum is taken out first,
// so that no finite row overflows. Entries of −Inf count for nothing; a row of nothing else, or of no columns, gives
// −Inf.
func LogSumExpRows(out, x []float32, rows, cols int) {
	parallel.Range(rows, expRows(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			top, sum := sumExp(x[r*cols : (r+1)*cols])
			out[r] = float32(logSumExp(top, sum))
		}
	})
}

// SoftmaxRows sets y = exp(x)/Σ exp(x) for each row of x [rows, cols]. A row that is −Inf throughout gives zeros.
// y may alias x.
func SoftmaxRows(y, x []float32, rows, cols int) {
	parallel.Range(rows, expRows(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
			top, sum := sumExp(x)
			if math.IsInf(top, -1) {
				clear(y)
				continue
			}
			expTo(y, x, top, sum)
		}
	})
}

// LogSoftmaxRows sets y = x − log Σ exp(x) for each row of x [rows, cols]. A row that is −Inf throughout stays so.
// y may alias x.
func LogSoftmaxRows(y, x []float32, rows, cols int) {
	parallel.Range(rows, expRows(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
			top, sum := sumExp(x)
			if math.IsInf(top, -1) {
				copy(y, x)
				continue
			}
			subtract(y, x, logSumExp(top, sum))
		}
	})
}

// sumExp returns the maximum of x and Σ exp(x − maximum); the sum means nothing when the maximum is infinite.
func sumExp(x []float32) (top, sum float64) {
	most := maximum(x)
	top = float64(most)
	if math.IsInf(top, -1) {
		return top, 0
	}
	if len(x) > 0 {
		if sum, ok := expSumVec(nil, &x[0], len(x), most); ok {
			return top, sum
		}
	}
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	return top, sum
}

func maximum(x []float32) float32 {
	if len(x) > 0 {
		if most, ok := maximumVec(&x[0], len(x)); ok {
			return most
		}
	}
	most := float32(math.Inf(-1))
	for _, v := range x {
		most = max(most, v)
	}
	return most
}

// expTo sets y = exp(x − top)/sum.
func expTo(y, x []float32, top, sum float64) {
	if len(x) > 0 {
		if _, ok := expSumVec(&y[:len(x)][0], &x[0], len(x), float32(top)); ok {
			scale(y, float32(1/sum))
			return
		}
	}
	for j, v := range x {
		y[j] = float32(math.Exp(float64(v)-top) / sum)
	}
}

// subtract sets y = x − v. Of v more than float32 holds counts: the rest is taken away apart.
func subtract(y, x []float32, v float64) {
	hi := float32(v)
	n := whole(len(x))
	if n > 0 && !subTwoVec(&y[0], &x[0], hi, float32(v-float64(hi)), n) {
		n = 0
	}
	y = y[n:]
	for j, w := range x[n:] {
		y[j] = float32(float64(w) - v)
	}
}

func logSumExp(top, sum float64) float64 {
	if math.IsInf(top, 0) {
		return top
	}
	return top + math.Log(sum)
}

// expRows is the number of rows worth handing to another core when each element costs an exponential.
func expRows(cols int) int { return max(1, rowChunk(cols)/16) }
