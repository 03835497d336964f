package train_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// warned runs a trainer for 3 epochs of 10 steps and returns its warnings.
func warned(t *testing.T, n *hybrid.Network, tr train.Trainer) (all []string) {
	t.Helper()
	trainSet, _ := generated(t, 10)
	tr.Epochs, tr.Batch, tr.LearningRate = 3, 4, schedule.Constant(0.01)
	tr.OnWarning = func(w train.Warning) error { all = append(all, w.String()); return nil }
	fit(t, tr, n, trainSet, nil)
	return all
}

// flat costs nothing from step on.
type flat struct {
	loss.CrossEntropy
	from, to int
}

func (f flat) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	y, stats := f.CrossEntropy.Forward(in)
	if s := 10*in.At.Epoch + in.At.Step; s >= f.from && s < f.to {
		y = autograd.Scale(y, 0)
	}
	return y, stats
}

func TestATermWithoutAGradientIsWarnedOfOnce(t *testing.T) {
	flat := func(from, to int) train.Trainer {
		return train.Trainer{WarnAfter: 6, Streams: []hybrid.Stream{ordered(ce(), hybrid.Term{Name: "flat", Loss: &flat{from: from, to: to}})}}
	}
	text := `term "flat" had no gradient in the last 6 steps: it trains nothing; check its temperature and the embeddings' lengths`
	require.Equal(t, []string{"epoch 0, step 8: " + text}, warned(t, mlp(t), flat(3, 30)))
	require.Equal(t, []string{"epoch 1, step 0: " + text}, warned(t, mlp(t), flat(5, 11)))
	require.Empty(t, warned(t, mlp(t), flat(5, 10)), "five steps are not six")

	weightless := flat(0, 30)
	weightless.Streams[0].Terms[1].Weight = schedule.Constant(0)
	require.Empty(t, warned(t, mlp(t), weightless), "a weight of 0 is meant")
	frozen := mlp(t)
	nn.Freeze(frozen, true)
	require.Empty(t, warned(t, frozen, flat(0, 30)), "so is a frozen network")
	default100 := flat(0, 30)
	default100.WarnAfter = 0
	require.Empty(t, warned(t, mlp(t), default100))
}

func TestALossWithoutAnchorsIsWarnedOf(t *testing.T) {
	// One view, and a batch has each class at most once.
	alone := hybrid.Stream{Sampler: inTurn{}, Terms: []hybrid.Term{{Name: "sc", Loss: &loss.SupervisedContrastive{Temperature: 0.1}}}}
	require.Equal(t, []string{`epoch 0, step 4: term "sc" had no valid anchor in the last 5 steps: give it a second view or larger batches`},
		warned(t, mlp(t), train.Trainer{WarnAfter: 5, Streams: []hybrid.Stream{alone}}))
}

// inTurn draws the four classes of ten images in turn.
type inTurn struct{}

func (inTurn) Epoch(labels []int, _ sampler.Plan) (order []int, err error) {
	for i := range labels {
		order = append(order, i%4*10+i/4)
	}
	return order, nil
}

func TestTheLibrarysMethodsGiveNoWarning(t *testing.T) {
	for name, method := range methods {
		n := resNet(t, 1)
		require.Empty(t, warned(t, n, train.Trainer{WarnAfter: 1, Streams: method()}), name)
	}
}

// A callback must not change what is computed.
func TestWatchingChangesNothing(t *testing.T) {
	trainSet, _ := generated(t, 10)
	var ends []map[string][]float32
	for _, warn := range []func(train.Warning) error{nil, func(train.Warning) error { return nil }} {
		n := resNet(t, 1)
		streams := hybrid.SC(0.1)
		fit(t, train.Trainer{Streams: streams, Epochs: 2, Batch: 8, OnWarning: warn, WarnAfter: 1}, n, trainSet, nil)
		ends = append(ends, state(n, streams))
	}
	require.Equal(t, ends[0], ends[1])
}
