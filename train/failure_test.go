package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// requireSettled waits until no more goroutines run than before.
func requireSettled(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// lastStep makes trainer keep the state after each step and returns where it is kept.
func lastStep(trainer *train.Trainer, n *hybrid.Network) *map[string][]float32 {
	kept := state(n, nil)
	trainer.OnStep = func(train.StepReport) error { kept = state(n, nil); return nil }
	return &kept
}

func TestDivergenceIsAnErrorBeforeTheStep(t *testing.T) {
	trainSet, test := generated(t, 10)
	tr, n := short(), resNet(t, 1)
	tr.LearningRate = schedule.Constant(1e30)
	kept := lastStep(&tr, n)
	r, err := tr.Fit(context.Background(), n, trainSet, test)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, 0, bad.Epoch)
	require.Equal(t, 1, bad.Step)
	require.Equal(t, "backbone.conv1.weight", bad.Param)
	require.Contains(t, err.Error(), "train: stopped in epoch 0 at step 1: loss ")
	require.Contains(t, err.Error(), ", first bad parameter backbone.conv1.weight: lower the learning rate, warm it up or clip gradients, "+
		"and check the data for values that are not finite")
	require.Equal(t, *kept, state(n, nil))
	require.Equal(t, 1, r.Epochs[0].Steps)
}

func TestNaNPixelsAreAnErrorBeforeTheStep(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr, n := short(), resNet(t, 1)
	tr.Streams[0].Mixer = mixer(func(images *tensor.Tensor, labels []int, _ int) *loss.Mix {
		if labels[0] == 0 && labels[3] == 1 { // images 8 to 11
			images.Data()[17] = float32(math.NaN())
		}
		return nil
	})
	kept := lastStep(&tr, n)
	r, err := tr.Fit(context.Background(), n, trainSet, nil)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, 2, bad.Step)
	require.True(t, math.IsNaN(bad.Loss), bad.Loss)
	require.Equal(t, "backbone.conv1.weight", bad.Param)
	require.Equal(t, *kept, state(n, nil), "weights and running statistics are those of step 1")
	require.Equal(t, 2, r.Epochs[0].Steps)
}

// A weight of the caller's own that is not finite spoils the total with every gradient that uses it.
func TestNonFiniteWeightNamesTheStep(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.Streams[0].Terms[0].Weight = schedule.Func(func(p schedule.Progress) float64 {
		if p.Step == 2 {
			return math.Inf(1)
		}
		return 1
	})
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, `train: stopped in epoch 0 at step 2: the weight of term "ce" is +Inf: its schedule must give finite values that are not negative`)
}

// A user's schedule is checked in each step, since no one can know before what it gives.
func TestSchedulesThatGiveNonsense(t *testing.T) {
	trainSet, _ := generated(t, 10)
	for _, lr := range []float64{math.NaN(), -0.1, math.Inf(1)} {
		tr, n := short(), mlp(t)
		before := nn.Params(n)[0].Param.Value.Clone()
		tr.LearningRate = schedule.Func(func(schedule.Progress) float64 { return lr })
		_, err := tr.Fit(context.Background(), n, trainSet, nil)
		require.EqualError(t, err, fmt.Sprintf("train: stopped in epoch 0 at step 0: the learning rate is %v: its schedule must give finite values that are not negative", lr))
		require.Equal(t, before.Data(), nn.Params(n)[0].Param.Value.Data())
	}
}

// A divergence in the last step leaves no later loss to show it.
func TestDivergenceInTheLastStep(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.LearningRate = schedule.Constant(1e39)
	tr.LimitSteps = 1
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.NotEmpty(t, bad.Param)
}

// The rarest class without an image cannot be told from the labels alone.
func TestClassBalancedRefusesAnEmptyLastClass(t *testing.T) {
	data, err := dataset.NewMemory(dataset.Shape{Height: 8, Width: 8, Channels: 3}, []string{"a", "b", "c", "d"})
	require.NoError(t, err)
	for i := range 12 {
		require.NoError(t, data.Append(i%3, make([]uint8, 192)))
	}
	tr := short()
	tr.Streams = hybrid.CEBalanced()
	_, err = tr.Fit(context.Background(), mlp(t), data, nil)
	require.EqualError(t, err, "train: stream 0: sampler: class 3 of 4 has no images: set SkipEmpty to draw from the other classes")
}

func TestNonFiniteErrorWithoutParameter(t *testing.T) {
	require.EqualError(t, &train.NonFiniteError{Epoch: 3, Step: 4, Loss: math.Inf(1)}, "loss +Inf, all gradients are "+
		"finite: lower the learning rate, warm it up or clip gradients, and check the data for values that are not finite")
}

var errCorrupt = errors.New("image is corrupt")

// corrupt cannot read image bad.
func corrupt(d dataset.Dataset, bad int) dataset.Dataset {
	return with{Dataset: d, image: func(i int, dst *dataset.Image) error {
		if i == bad {
			return errCorrupt
		}
		return d.Image(i, dst)
	}}
}

func TestCorruptImageInTheMiddleOfAnEpoch(t *testing.T) {
	trainSet, test := generated(t, 10)
	before := runtime.NumGoroutine()
	tr, n := short(), mlp(t)
	kept := lastStep(&tr, n)
	r, err := tr.Fit(context.Background(), n, corrupt(trainSet, 21), test)
	require.ErrorIs(t, err, errCorrupt)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 5: train: training image 21: image is corrupt")
	require.Equal(t, 5, r.Epochs[0].Steps)
	require.Equal(t, *kept, state(n, nil))

	r, err = short().Fit(context.Background(), mlp(t), trainSet, corrupt(test, 3))
	require.ErrorIs(t, err, errCorrupt)
	require.EqualError(t, err, "train: evaluation after epoch 0: image is corrupt")
	require.Equal(t, 10, r.Epochs[0].Steps)
	require.Nil(t, r.Last)
	requireSettled(t, before)
}

func TestPanicOfATransformReachesTheCaller(t *testing.T) {
	trainSet, _ := generated(t, 10)
	before := runtime.NumGoroutine()
	tr := short()
	tr.Streams[0].Views = []augment.Transform{transform(func(*dataset.Image) { panic("mine") })}
	require.PanicsWithValue(t, "mine", func() { _, _ = tr.Fit(context.Background(), mlp(t), trainSet, nil) })

	tr.Streams[0].Views = []augment.Transform{transform(func(*dataset.Image) { panic(&tensor.Error{Op: "mine", Detail: "misused"}) })}
	r, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	var misuse *tensor.Error
	require.ErrorAs(t, err, &misuse)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 0: mine: misused")
	require.Empty(t, r.Epochs)

	tr.Streams[0].Views, tr.Streams[0].Mixer = nil, mixer(func(*tensor.Tensor, []int, int) *loss.Mix { panic("mine") })
	require.PanicsWithValue(t, "mine", func() { _, _ = tr.Fit(context.Background(), mlp(t), trainSet, nil) })
	requireSettled(t, before)
}

func TestPanicOfACallbackReachesTheCaller(t *testing.T) {
	trainSet, _ := generated(t, 10)
	before := runtime.NumGoroutine()
	tr := short()
	tr.OnStep = func(train.StepReport) error { panic("mine") }
	require.PanicsWithValue(t, "mine", func() { _, _ = tr.Fit(context.Background(), mlp(t), trainSet, nil) })
	requireSettled(t, before)
}

func TestTransformThatChangesTheSizeIsAnError(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.Streams[0].Views = []augment.Transform{transform(func(m *dataset.Image) { m.Resize(dataset.Shape{Height: 8, Width: 4, Channels: 3}) })}
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 0: train: training image 0: is 8×4×3 (height×width×channels), "+
		"the network takes 8×8×3: resize it or use hybrid.WithInput"+anySize)
	tr.Streams[0].Views = []augment.Transform{transform(func(m *dataset.Image) { m.Pix = m.Pix[:9] })}
	_, err = tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 0: train: training image 0: has 9 bytes of pixels, 8×8×3 takes 192")
}

func TestADataSetThatFails(t *testing.T) {
	for want, read := range map[string]func(*dataset.Image) error{
		"train: training image 2: connection reset": func(*dataset.Image) error { return errors.New("connection reset") },
		"train: training image 2: dataset: an image of 8×-1×3": func(m *dataset.Image) error {
			m.Resize(dataset.Shape{Height: 8, Width: -1, Channels: 3})
			return nil
		},
	} {
		d := dataset.Func{Images: 8, Names: []string{"a", "b", "c", "d"}, LabelOf: func(i int) int { return i % 4 }, ReadInto: func(i int, m *dataset.Image) error {
			if i == 2 {
				return read(m)
			}
			m.Resize(dataset.Shape{Height: 8, Width: 8, Channels: 3})
			return nil
		}}
		_, err := short().Fit(context.Background(), mlp(t), d, nil)
		require.ErrorContains(t, err, want)
	}
}

// lossFunc is a loss of logits that is only a function.
type lossFunc func(loss.Input) *autograd.Var

func (lossFunc) Needs() loss.Needs { return loss.Needs{Logits: true} }

func (f lossFunc) Forward(in loss.Input) (*autograd.Var, loss.Stats) { return f(in), loss.Stats{} }

func TestMisuseInALossIsAnErrorOfFit(t *testing.T) {
	trainSet, _ := generated(t, 10)
	for want, f := range map[string]lossFunc{
		"autograd.MatMul [4 4], [3 3]: not matrices with a common inner dimension": func(in loss.Input) *autograd.Var {
			return autograd.MatMul(in.Logits, in.Logits.Tape().Const(tensor.New(3, 3)))
		},
		"autograd.Var.Dim [4 4]: there is no dimension 2": func(in loss.Input) *autograd.Var { _ = in.Logits.Dim(2); return nil },
	} {
		tr, n := short(), mlp(t)
		before := state(n, nil)
		tr.Streams[0].Terms[0].Loss = f
		_, err := tr.Fit(context.Background(), n, trainSet, nil)
		var misuse *tensor.Error
		require.ErrorAs(t, err, &misuse)
		require.EqualError(t, err, "train: stopped in epoch 0 at step 0: "+want)
		require.Equal(t, before, state(n, nil))
	}
}

// What a loss must be given, or must return, is said by the name of its term.
func TestLossesThatDoNotFit(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.Streams[0].Terms[0] = hybrid.Term{Name: "mine", Loss: lossFunc(func(in loss.Input) *autograd.Var { return in.Logits })}
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, `train: stopped in epoch 0 at step 0: the loss of term "mine" returns a value of shape [4 4]: it must return a scalar`)
	tr.Streams[0].Terms[0].Loss = &loss.BalancedContrastive{Bank: flatBank{}}
	_, err = tr.Fit(context.Background(), mlp(t), trainSet, nil)
	var misuse *tensor.Error
	require.ErrorAs(t, err, &misuse, "a bank that panics where it is checked")

	step := train.Step{Tape: autograd.NewTape(autograd.Mode{})}
	_, _, err = step.Take(0.1, autograd.Mode{}, func(*autograd.Tape) (*autograd.Var, error) { return nil, nil })
	require.ErrorContains(t, err, "is nil: return a scalar")
}

// flatBank asks for a dimension that there is not.
type flatBank struct{}

func (flatBank) Visit(nn.Visitor) {}

func (flatBank) Vectors(t *autograd.Tape) *autograd.Var {
	v := t.Const(tensor.New(3))
	return autograd.Reshape(v, v.Dim(1))
}

func TestMixersThatMisbehave(t *testing.T) {
	trainSet, _ := generated(t, 10)
	ones := []float32{1, 1, 1, 0.5}
	for want, mix := range map[string]*loss.Mix{
		"train: the mixer of stream 0 returned 3 labels and 4 weights for 4 rows": {Labels: make([]int, 3), Weight: ones},
		"train: the mixer of stream 0 returned 4 labels and 0 weights for 4 rows": {Labels: make([]int, 4)},
		"loss.CrossEntropy [4]: label 4 of row 1 is not one of 4 classes":         {Labels: []int{0, 4, 0, 0}, Weight: ones},
	} {
		tr := short()
		tr.Streams[0].Mixer = mixer(func(*tensor.Tensor, []int, int) *loss.Mix { return mix })
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
		require.EqualError(t, err, "train: stopped in epoch 0 at step 0: "+want)
	}
	tr := train.Trainer{Streams: hybrid.SC(0.1), Batch: 2}
	tr.Streams[0].Mixer = mixer(func(*tensor.Tensor, []int, int) *loss.Mix { return &loss.Mix{Labels: make([]int, 4), Weight: ones} })
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 0: loss.SupervisedContrastive: has no form for mixed samples: "+
		"give the term views that are not mixed, or use cross-entropy")
}
