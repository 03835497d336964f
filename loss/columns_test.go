package loss_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// queueOf returns a queue of random unit rows with the given labels, and the rows in float64.
func queueOf(t *testing.T, size, dim int, labels []int) (*loss.Queue, [][]float64) {
	q, err := loss.NewQueue(size, dim)
	require.NoError(t, err)
	rows := unitTensor(9, len(labels), dim)
	q.Add(rows, labels)
	return q, widen(rows)
}

func unitTensor(seed uint64, rows, dim int) *tensor.Tensor {
	tape := autograd.NewTape(autograd.Mode{})
	return nn.L2Normalize(tape.Const(gradtest.Normal(seed, 1, rows, dim))).Value().Clone()
}

func widen(x *tensor.Tensor) [][]float64 {
	rows := make([][]float64, x.Dim(0))
	for i := range rows {
		for _, v := range x.Rows(i, i+1).Data() {
			rows[i] = append(rows[i], float64(v))
		}
	}
	return rows
}

// logShare is log( e^{x_p} / Σ_k e^{x_k} ) of a positive x_p, as it is written down.
func logShare(xp float64, all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += math.Exp(x)
	}
	return math.Log(math.Exp(xp) / sum)
}

func wide(x *tensor.Tensor) []float64 {
	v := make([]float64, x.Len())
	for i, f := range x.Data() {
		v[i] = float64(f)
	}
	return v
}

func TestColumnLossesSameBits(t *testing.T) {
	const classes, dim = 9, 33
	x, labels := gradtest.Normal(1, 1, 300, dim), labelsOf(300, classes)
	counts := make([]int, classes)
	for i := range labels {
		labels[i] = max(labels[i], 0)
		counts[labels[i]]++
	}
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	steps := func(name string) (values []float64, grads [][]float32) {
		l := columnLosses(t, 0.1, counts, dim, 16)[name]
		if name == "ProCo" {
			l = proco(t, counts, dim, 0.1)
		}
		for range 2 { // the second with what the first left
			v, _, g := runColumns(t, l, x.Clone(), labels, classes)
			values, grads = append(values, v), append(grads, g)
		}
		return values, grads
	}
	for _, name := range []string{"BCL", "KCL", "TSC", "PaCo", "GPaCo", "multi", "ProCo"} {
		runtime.GOMAXPROCS(1)
		want, wantGrads := steps(name)
		for _, procs := range []int{2, 3, 7} {
			runtime.GOMAXPROCS(procs)
			got, grads := steps(name)
			require.Equal(t, want, got, name)
			require.Equal(t, wantGrads, grads, "%s, GOMAXPROCS %d", name, procs)
		}
	}
}
