package train_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Views, mixers and partners, random all of them, give the same weights and figures whoever computes them.
func TestSameBitsWhateverWorkers(t *testing.T) {
	trainSet, test := generated(t, 12)
	for name, streams := range map[string]func() []hybrid.Stream{
		"views and a mixer": func() []hybrid.Stream {
			s := hybrid.SC(0.1)
			s[1].Mixer = hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}
			return s
		},
		"partners": func() []hybrid.Stream {
			s := append(hybrid.CE(), hybrid.CEBalanced()...)
			s[0].Terms[0].Name = "mixed"
			s[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}}
			return s
		},
	} {
		run := func(workers int) (map[string][]float32, *train.Result) {
			body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 3, Branches: 2})
			require.NoError(t, err)
			n := newNetwork(t, body)
			r := fit(t, train.Trainer{Streams: streams(), Epochs: 2, Batch: 7, LearningRate: schedule.Constant(0.1), EvalBatch: 9,
				Workers: workers}, n, trainSet, test)
			return state(n, nil), r
		}
		want, result := run(1)
		for _, workers := range []int{2, 3, 20} {
			got, r := run(workers)
			require.Equal(t, want, got, "%s: %d workers", name, workers)
			require.Equal(t, result.Confusion, r.Confusion)
			require.Equal(t, result.Epochs[1].Total, r.Epochs[1].Total)
		}
	}
}

func TestASampleIsReadOnceForAllViews(t *testing.T) {
	trainSet, _ := generated(t, 10)
	var asked atomic.Int64
	streams := hybrid.SC(0.1) // of two views and one
	r := fit(t, train.Trainer{Streams: streams, Epochs: 2, Batch: 8, LearningRate: schedule.Constant(0.01), Workers: 3}, mlp(t), with{Dataset: trainSet,
		image: func(i int, dst *dataset.Image) error {
			asked.Add(1)
			return trainSet.Image(i, dst)
		}}, nil)
	require.Equal(t, 2*5*8*3, r.Images)
	require.EqualValues(t, 2*5*8*2, asked.Load())
}

// Images 9 and 10 are of one batch; 9 cannot be read, but only after 10 could not.
func TestTheFirstBadImageIsReported(t *testing.T) {
	trainSet, _ := generated(t, 10)
	late := make(chan struct{})
	tr := short()
	tr.Workers = 2
	_, err := tr.Fit(context.Background(), mlp(t), with{Dataset: trainSet, image: func(i int, dst *dataset.Image) error {
		switch i {
		case 9:
			<-late
			return errors.New("it is corrupt")
		case 10:
			close(late)
			return errors.New("it is corrupt")
		}
		return trainSet.Image(i, dst)
	}}, nil)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 2: train: training image 9: it is corrupt")
}
