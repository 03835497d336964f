package nn_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// twoRows has batch means 2 and 5, unbiased variances 2 and 8.
func twoRows(t testing.TB) *tensor.Tensor { return from(t, []float32{1, 3, 3, 7}, 2, 2) }

func TestRunningStatisticsMoveAtCommitOnly(t *testing.T) {
	b := nn.NewBatchNorm2d(2)
	tape := autograd.NewTape(training)
	b.Forward(tape.Const(twoRows(t)))
	require.Equal(t, []float32{0, 0}, b.RunningMean.Data(), "a forward pass changes nothing")
	tape.Reset(training)
	tape.Commit()
	require.Equal(t, []float32{0, 0}, b.RunningMean.Data(), "Reset discards")
	b.Forward(tape.Const(twoRows(t)))
	tape.Commit()
	require.InDeltaSlice(t, []float32{0.2, 0.5}, b.RunningMean.Data(), 1e-6)
	require.InDeltaSlice(t, []float32{1.1, 1.7}, b.RunningVar.Data(), 1e-6)
	tape.Reset(autograd.Mode{})
	b.Forward(tape.Const(twoRows(t)))
	tape.Commit()
	require.InDeltaSlice(t, []float32{0.2, 0.5}, b.RunningMean.Data(), 1e-6, "evaluation learns nothing")
}

func TestBatchNormSettings(t *testing.T) {
	b := nn.NewBatchNorm2d(2)
	b.Momentum, b.Epsilon = 0.5, 3
	tape := autograd.NewTape(training)
	y := b.Forward(tape.Const(twoRows(t)))
	require.InDeltaSlice(t, []float32{-0.5, -2 / 2.6457513, 0.5, 2 / 2.6457513}, y.Data(), 1e-6, "variances 1 and 4, plus 3")
	tape.Commit()
	require.InDeltaSlice(t, []float32{1, 2.5}, b.RunningMean.Data(), 1e-6)
	require.InDeltaSlice(t, []float32{1.5, 4.5}, b.RunningVar.Data(), 1e-6)

	b.NoRunningUpdates = true
	tape.Reset(training)
	b.Forward(tape.Const(twoRows(t)))
	tape.Commit()
	require.InDeltaSlice(t, []float32{1, 2.5}, b.RunningMean.Data(), 1e-6)
}

// One value a channel has a mean, but no variance.
func TestBatchNormOfOneValueAChannel(t *testing.T) {
	b := randomNorm(3)
	mean, variance := b.RunningMean.Clone(), b.RunningVar.Clone()
	x := gradtest.Normal(1, 1, 1, 1, 1, 3)
	y, dx, tape := backward(training, x, b.Forward)
	tape.Commit()
	require.InDeltaSlice(t, b.Bias.Value.Data(), y.Data(), 1e-3)
	require.InDeltaSlice(t, make([]float32, 3), dx.Data(), 1e-3)
	require.Equal(t, variance.Data(), b.RunningVar.Data())
	for i, m := range mean.Data() {
		require.InDelta(t, 0.9*m+0.1*x.Data()[i], b.RunningMean.Data()[i], 1e-6)
	}
}

// A constant channel has no variance either, and its values may be large.
func TestBatchNormOfAConstantChannel(t *testing.T) {
	x := tensor.New(4, 2, 2, 1)
	for i := range x.Data() {
		x.Data()[i] = 1000.1
	}
	y, dx, _ := backward(training, x, nn.NewBatchNorm2d(1).Forward)
	requireFinite(t, dx, "dx")
	for _, v := range y.Data() {
		require.InDelta(t, 0, v, 0.05, "rounding of 1000/√ε")
	}
}

// A snapshot's statistics stand in for the layer's own.
func TestBatchNormReadsStatisticsThroughTheTape(t *testing.T) {
	b, x := randomNorm(2), twoRows(t)
	kept := autograd.Snapshot(nn.Tensors(b)...)
	want, _, _ := backward(autograd.Mode{}, x, b.Forward)
	b.RunningMean.Zero()
	b.RunningVar.Zero()
	b.Weight.Value.Zero()
	got := b.Forward(autograd.NewTape(autograd.Mode{NoGrad: true, Weights: kept}).Const(x))
	require.Equal(t, want.Data(), got.Data())
}

// The difference of large sums may come out below zero, beyond ε.
func TestBatchNormVarianceIsNotNegative(t *testing.T) {
	for rows := 90; rows < 110; rows++ { // squares of float32 take 48 bits: fewer are summed without rounding
		x := tensor.New(rows, 3)
		for i := range x.Data() {
			x.Data()[i] = []float32{1e6 + 0.3125, 1234567.9, 16777215}[i%3]
		}
		y, dx, tape := backward(training, x, nn.NewBatchNorm2d(3).Forward)
		tape.Commit()
		requireFinite(t, y, "y")
		requireFinite(t, dx, "dx")
	}
}
