package train_test

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// What the documentation says may be shared is shared by runs at once, and gives what each run gives alone; the race
// detector looks on.
func TestRunsAtOnceShareWhatTheyMay(t *testing.T) {
	data, test := generated(t, 20)
	streams := hybrid.Streams{{Sampler: sampler.ClassBalanced{}, Terms: []hybrid.Term{
		{Name: "ce", Loss: &loss.CrossEntropy{}}, {Name: "focal", Loss: &loss.Focal{}}, {Name: "sc", Loss: &loss.SupervisedContrastive{}}}}}
	trainer := train.Trainer{Streams: streams, Epochs: 2, Batch: 8, LearningRate: schedule.Constant(0.05)}
	fit := func(seed uint64) *train.Result {
		r, err := trainer.Fit(context.Background(), resNet(t, seed), data, test)
		require.NoError(t, err)
		return r
	}
	alone := []*train.Result{fit(1), fit(2)}
	both := make([]*train.Result, 2)
	var wg sync.WaitGroup
	for i := range both {
		wg.Go(func() { both[i] = fit(uint64(i + 1)) })
	}
	wg.Wait()
	for i := range both {
		require.Equal(t, alone[i].Last.String(), both[i].Last.String())
		for e := range alone[i].Epochs {
			require.Equal(t, alone[i].Epochs[e].Losses, both[i].Epochs[e].Losses)
		}
	}
}

func TestARunKeepsItsLossesAndNetworkToItself(t *testing.T) {
	data, test := generated(t, 20)
	few, err := dataset.LongTail(data, dataset.Exponential{Imbalance: 10}, dataset.LongTailSettings{})
	require.NoError(t, err)
	for _, l := range []loss.Loss{&loss.LDAM{}, &loss.LogitAdjusted{}, &loss.DRW{Before: &loss.CrossEntropy{}, After: &loss.ClassBalanced{}},
		&loss.PrototypicalContrastive{}, newStateful()} {
		streams := hybrid.Streams{{Sampler: sampler.Instance{}, Terms: []hybrid.Term{{Name: "shared", Loss: l}}}}
		first := train.Trainer{Streams: streams, Epochs: 2, Batch: 8, LearningRate: schedule.Constant(0.05)}
		second, other := first, resNet(t, 2)
		n := resNet(t, 1)
		first.OnEpoch = func(train.EpochReport) error {
			_, err := second.Fit(context.Background(), other, few, test)
			require.ErrorContains(t, err, "another run")
			require.ErrorContains(t, err, "shared")
			mine := train.Trainer{Streams: hybrid.CE(), Epochs: 1, Batch: 8}
			_, err = mine.Fit(context.Background(), n, few, test)
			require.ErrorContains(t, err, "training this network")
			_, err = mine.Fit(context.Background(), other, few, test)
			require.NoError(t, err)
			return nil
		}
		_, err := first.Fit(context.Background(), n, data, test)
		require.NoError(t, err)
		_, err = second.Fit(context.Background(), other, few, test) // one after the other
		require.NoError(t, err)
	}
}

// What a loss is made of belongs to one run too, and to one loss.
func TestPartsOfLossesAreKeptToo(t *testing.T) {
	data, test := generated(t, 20)
	inner := &loss.LDAM{}
	around := func() *loss.DRW { return &loss.DRW{Before: inner, After: inner} }
	term := func(name string, l loss.Loss) hybrid.Term { return hybrid.Term{Name: name, Loss: l} }
	trainer := func(terms ...hybrid.Term) train.Trainer {
		return train.Trainer{Streams: hybrid.Streams{{Sampler: sampler.Instance{}, Terms: terms}}, Epochs: 1, Batch: 8, LearningRate: schedule.Constant(0.05)}
	}
	first, other := trainer(term("drw", around())), resNet(t, 2)
	first.OnEpoch = func(train.EpochReport) error {
		for _, l := range []loss.Loss{around(), inner} {
			_, err := trainer(term("mine", l)).Fit(context.Background(), other, data, test)
			require.ErrorContains(t, err, `"mine": another run is training with this *loss.LDAM`)
		}
		return nil
	}
	fit(t, first, resNet(t, 1), data, test)
	_, err := trainer(term("a", around()), term("b", around())).Fit(context.Background(), other, data, test)
	require.ErrorContains(t, err, `"b": its *loss.LDAM is part of another *loss.DRW too`)
	fit(t, trainer(term("a", around()), term("b", &loss.DRW{Before: &loss.LDAM{}, After: &loss.CrossEntropy{}})), other, data, test)
}

func TestALossThatReturnsNilIsAnError(t *testing.T) {
	data, test := generated(t, 10)
	for _, l := range []loss.Loss{
		loss.Func(func(*autograd.Var, []int) *autograd.Var { return nil }), loss.Func(nil), loss.EmbeddingFunc(nil), (*loss.CrossEntropy)(nil),
	} {
		streams := hybrid.Streams{{Sampler: sampler.Instance{}, Terms: []hybrid.Term{{Name: "none", Loss: l}}}}
		_, err := train.Trainer{Streams: streams, Epochs: 1, Batch: 8}.Fit(context.Background(), resNet(t, 1), data, test)
		require.ErrorContains(t, err, "nil")
	}
}

func TestNilArgumentsOfFitAreErrors(t *testing.T) {
	data, test := generated(t, 10)
	trainer := train.Trainer{Streams: hybrid.CE(), Epochs: 1, Batch: 8}
	_, err := trainer.Fit(context.Background(), nil, data, test)
	require.ErrorContains(t, err, "needs a network and training data")
	_, err = trainer.Fit(context.Background(), resNet(t, 1), nil, test)
	require.ErrorContains(t, err, "needs a network and training data")
	for _, absurd := range []int{math.MaxInt>>23 + 1, math.MaxInt>>1 + 1, -1} {
		trainer.Batch = absurd
		_, err = trainer.Fit(context.Background(), resNet(t, 1), data, test)
		require.Error(t, err, "batch %d", absurd)
	}
}
