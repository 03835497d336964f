package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
)

// logSums are log-sum-exps of rows that come in parts: log Σ exp(x) = top + log(sum), top being the maximum so far.
type logSums struct {
	top []float32
	sum []float64
}

// newLogSums returns n empty sums, for as long as the step of the tape.
func newLogSums(tape *autograd.Tape, n int) logSums {
	l := logSums{tape.Scratch(n).Data(), tape.Float64s(n)}
	kernels.Fill(l.top, float32(math.Inf(-1)))
	return l
}

func (l logSums) value(i int) float64 { return float64(l.top[i]) + math.Log(l.sum[i]) }

// add adds the elements of x to row i.
func (l logSums) add(i int, x []float32) {
	top, sum := kernels.SumExp(x)
	l.merge(i, top, sum)
}

// addColumns adds each column of x [rows, cols], with rows ld apart, to one of the rows from first on. scratch is for
// 2·cols elements.
func (l logSums) addColumns(first int, x []float32, rows, cols, ld int, scratch []float32) {
	top, sum := scratch[:cols], scratch[cols:2*cols]
	kernels.SumExpColumns(top, sum, x, rows, cols, ld)
	for j, v := range top {
		l.merge(first+j, v, float64(sum[j]))
	}
}

func (l logSums) merge(i int, top float32, sum float64) {
	switch old := l.top[i]; {
	case math.IsInf(float64(top), -1): // nothing
	case top <= old:
		l.sum[i] += sum * math.Exp(float64(top)-float64(old))
	default: // NaN too, and it stays
		l.sum[i] = l.sum[i]*math.Exp(float64(old)-float64(top)) + sum
		l.top[i] = top
	}
}
