package train_test

import (
	"context"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Where no statistics of the batch are in play, a batch in chunks trains as a whole one, whatever the losses, views, mixed rows,
// partners and keys.
func TestChunksTrainAsAWhole(t *testing.T) {
	trainSet, _ := generated(t, 12)
	streams := map[string]func() hybrid.Streams{
		"mixed": func() hybrid.Streams {
			s := hybrid.CE()
			s[0].Mixer = hybrid.Mixing{Blender: augment.Mixup{}}
			return s
		},
		"keys": func() hybrid.Streams {
			queue, err := loss.NewQueue(16, 8)
			require.NoError(t, err)
			return hybrid.Streams{{Sampler: sampler.Instance{}, Views: []augment.Transform{augment.Flip{P: 0.5}, augment.Flip{P: 0.5}, augment.Identity{}},
				Terms: []hybrid.Term{{Name: "paco", Loss: &loss.PaCo{Queue: queue}, Views: []int{0}, KeyViews: []int{1, 2}}}}}
		},
		"partners": func() hybrid.Streams {
			s := hybrid.CE()
			s[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}, Weight: schedule.Constant(0.3)}
			return s
		},
	}
	for name, s := range methods {
		streams[name] = s
	}
	for name, streams := range streams {
		for _, separate := range []bool{false, true} {
			train := func(chunk int, recompute bool) map[string][]float32 {
				b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1, Branches: map[bool]int{true: 2}[name == "partners"]})
				require.NoError(t, err)
				var opts []hybrid.Option
				if separate {
					opts = append(opts, hybrid.WithSeparatePasses())
				}
				n := newNetwork(t, b, opts...)
				_, err = nn.FreezeStatistics(n, "**")
				require.NoError(t, err)
				s := streams()
				fit(t, train.Trainer{Streams: s, Epochs: 1, Batch: 12, Chunk: chunk, Recompute: recompute, LearningRate: schedule.Constant(0.05)}, n, trainSet, nil)
				return state(n, s)
			}
			whole := train(0, false)
			for _, chunk := range []int{1, 4, 12} {
				inChunks := train(chunk, chunk == 4)
				for path, want := range whole {
					require.InDeltaSlice(t, want, inChunks[path], 1e-5, "%s, separate %v, chunk %d: %s", name, separate, chunk, path)
				}
			}
		}
	}
}

// Batch norm in training sees each chunk by itself: the features of chunks are those of batches as large.
func TestBatchNormSeesChunks(t *testing.T) {
	trainSet, _ := generated(t, 4)
	statistics := func(tr train.Trainer) map[string][]float32 {
		tr.Streams, tr.Epochs, tr.LearningRate = hybrid.Streams{ordered(ce())}, 1, schedule.Constant(0)
		n := resNet(t, 1)
		fit(t, tr, n, trainSet, nil)
		return state(n, nil)
	}
	chunks := statistics(train.Trainer{Batch: 8, Chunk: 4})
	require.Equal(t, statistics(train.Trainer{Batch: 4}), chunks)
	require.NotEqual(t, statistics(train.Trainer{Batch: 8}), chunks)
}

func TestAnotherChunkIsAnotherRun(t *testing.T) {
	trainSet, _ := generated(t, 4)
	tr := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 8, Chunk: 4, LearningRate: schedule.Constant(0.01),
		Checkpoints: train.Checkpoints{Dir: t.TempDir(), Resume: true}}
	fit(t, tr, resNet(t, 1), trainSet, nil)
	tr.Chunk, tr.Streams = 2, hybrid.SC(0.1)
	_, err := tr.Fit(context.Background(), resNet(t, 1), trainSet, nil)
	require.ErrorContains(t, err, "training.chunk was 4, now it is 2")
}
