package train_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Learnable prototypes are trained: at the paper's rate they leave the random directions they begin in.
func TestPrototypesMove(t *testing.T) {
	trainSet, _ := generated(t, 40)
	n := resNet(t, 1, hybrid.WithProjection(0, 128))
	streams := hybrid.PSC(1)
	require.NoError(t, streams[0].Terms[0].Loss.(loss.Builder).Build(loss.Target{Classes: classes, Dim: 128, Seed: 7}))
	bank := nn.Params(streams[0].Terms[0].Loss.(nn.Visitable))[0].Param.Value
	first := bank.Clone()
	fit(t, train.Trainer{Streams: streams, Epochs: 10, Batch: 16, Seed: 7, LearningRate: schedule.Constant(0.1), ClipNorm: 1}, n, trainSet, nil)
	cosine := meanCosine(first, bank)
	t.Logf("mean cosine of first and last prototypes: %.3f", cosine)
	require.Less(t, cosine, 0.9)
}

// meanCosine compares the rows of two matrices.
func meanCosine(a, b *tensor.Tensor) float64 {
	sum := 0.0
	for r := range a.Dim(0) {
		xy, xx, yy := 0.0, 0.0, 0.0
		for k, x := range a.Rows(r, r+1).Data() {
			x, y := float64(x), float64(b.Rows(r, r+1).Data()[k])
			xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
		}
		sum += xy / math.Sqrt(xx*yy)
	}
	return sum / float64(a.Dim(0))
}
