package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// ending is what a rank ends with.
type ending struct {
	result *train.Result
	state  map[string][]float32
	err    error
}

// together trains on n ranks of this process and returns what each ends with.
func together(n int, ctx func(rank int) context.Context, of func(rank int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset)) []ending {
	all := make([]ending, n)
	_ = distributed.Run(n, func(c distributed.Communicator) error {
		r := c.Rank()
		tr, net, set, test := of(r)
		if n > 1 {
			tr.Ranks = c
		}
		result, err := tr.Fit(ctx(r), net, set, test)
		all[r] = ending{result, state(net, tr.Streams), err}
		return err
	})
	return all
}

func background(int) context.Context { return context.Background() }

// contrasts are methods whose losses compare rows, or remember them.
var contrasts = map[string]func(t *testing.T, n *hybrid.Network) train.Trainer{
	"CE, clipped and averaged": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CE(), ClipNorm: 0.5, EMA: train.EMA{Decay: 0.9}}
	},
	"SC, accumulated": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Accumulate: 2}
	},
	"PSC by AdamW": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.PSC(0.5), Optimizer: optim.AdamW{WeightDecay: 0.1}, Recompute: true}
	},
	"queues and means":         resumable["losses with queues and means"],
	"prototypes of every kind": resumable["prototypes of every kind"],
	"experts":                  resumable["experts"],
	"images blended with partners, and remixed": resumable["images blended with partners, and remixed"],
	"partners, deferred":                        resumable["partners, deferred"],
	"taught":                                    resumable["taught, at a distance from the weights"],
	"a step up first": func(*testing.T, *hybrid.Network) train.Trainer {
		s := hybrid.SC(0.1)
		s[0].Terms[0].Rho = 0.05
		return train.Trainer{Streams: s}
	},
	"SC in chunks": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Chunk: 3}
	},
}

// Ranks that share a batch train what one process trains, contrasts between them included: losses are the same to rounding, ranks
// to the bit, and so are two runs.
func TestRanksTrainWhatOneProcessTrains(t *testing.T) {
	trainSet, test := generated(t, 12)
	for name, of := range contrasts {
		for _, ranks := range []int{2, 3} {
			if (ranks == 3 || underRace()) && name != "SC, accumulated" {
				continue // shards of 4 as of 6
			}
			t.Run(fmt.Sprintf("%s, %d ranks", name, ranks), func(t *testing.T) {
				make := func(int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
					n := resNet(t, 3)
					tr := of(t, n)
					tr.Batch, tr.Epochs, tr.LimitSteps, tr.Seed, tr.LearningRate, tr.SyncBatchNorm = 12, 2, 2, 5, schedule.Constant(0.01), true
					tr.EvalBatch, tr.EvalEvery = 7, 2
					return tr, n, trainSet, test
				}
				alone, first := together(1, background, make)[0], together(ranks, background, make)
				second := together(ranks, background, make)
				require.NoError(t, alone.err)
				for r := range first {
					require.NoError(t, first[r].err)
					require.Equal(t, first[0].state, first[r].state, "rank %d", r)
					require.Equal(t, first[0].state, second[r].state, "again, rank %d", r)
					require.Equal(t, resultText(t, first[0].result), resultText(t, first[r].result))
				}
				if name == "images blended with partners, and remixed" || name == "SC in chunks" {
					return // each rank blends and chunks its own rows
				}
				for path, want := range alone.state {
					for i, w := range want {
						require.InDelta(t, w, first[0].state[path][i], 1e-5*(1+math.Abs(float64(w))), "%s[%d]", path, i)
					}
				}
				for e, want := range alone.result.Epochs {
					got := first[0].result.Epochs[e]
					require.InDelta(t, want.Total, got.Total, 1e-5*(1+math.Abs(want.Total)))
					require.Equal(t, want.Images, got.Images)
					require.Equal(t, want.Losses[0].Anchors, got.Losses[0].Anchors)
				}
				require.Equal(t, alone.result.Last.Top1, first[0].result.Last.Top1)
			})
		}
	}
}

// Batches that ranks cannot share evenly hold the same images, with batch norm of each rank's own.
func TestUnevenShards(t *testing.T) {
	trainSet, _ := generated(t, 12)
	var lock sync.Mutex
	seen := map[string]int{}
	all := together(3, background, func(int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
		s := hybrid.Stream{Sampler: inOrder{}, Terms: []hybrid.Term{ce()}}
		data := with{Dataset: trainSet, image: func(i int, dst *dataset.Image) error {
			lock.Lock()
			defer lock.Unlock()
			seen[fmt.Sprint(i)]++
			return trainSet.Image(i, dst)
		}}
		return train.Trainer{Streams: []hybrid.Stream{s}, Epochs: 1, Batch: 7, Seed: 1, LearningRate: schedule.Constant(0.01), HashImages: train.HashNothing}, resNet(t, 3), data, nil
	})
	for r := range all {
		require.NoError(t, all[r].err)
		require.Equal(t, all[0].state, all[r].state)
	}
	require.Equal(t, 6, all[0].result.Epochs[0].Steps)
	require.Len(t, seen, 42)
	for i, times := range seen {
		require.Equal(t, 1, times, "image %s", i)
	}
}

// Classes without images, on a sampler that draws by class: each rank draws the same.
func TestRanksWithAnEmptyClass(t *testing.T) {
	trainSet, _ := generated(t, 12)
	var some []int
	for i, y := range dataset.Labels(trainSet) {
		if y != 2 {
			some = append(some, i)
		}
	}
	part, err := dataset.Subset(trainSet, some)
	require.NoError(t, err)
	all := together(2, background, func(int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
		s := hybrid.Stream{Sampler: sampler.ClassBalanced{SkipEmpty: true}, Terms: []hybrid.Term{ce()}}
		return train.Trainer{Streams: []hybrid.Stream{s}, Epochs: 2, Batch: 8, LearningRate: schedule.Constant(0.01)}, mlp(t), part, nil
	})
	require.NoError(t, errors.Join(all[0].err, all[1].err))
	require.Equal(t, all[0].state, all[1].state)
}

// A run goes on with another number of ranks, which its manifest says, and with the same number to the bit.
func TestARunGoesOnWithOtherRanks(t *testing.T) {
	trainSet, test := generated(t, 12)
	part := func(dir string, stop int) func(int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
		return func(rank int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
			n := resNet(t, 3+uint64(rank)) // rank 0's weights are those of all
			tr := resumable["losses with queues and means"](t, n)
			tr.Batch, tr.Accumulate, tr.Epochs, tr.Seed, tr.LearningRate = 8, 1, 3, 5, schedule.Constant(0.01)
			tr.EMA, tr.Validation = train.EMA{Decay: 0.9}, test
			tr.Checkpoints = train.Checkpoints{Dir: dir, Resume: true, EverySteps: 2}
			tr.OnStep = func(s train.StepReport) error {
				if s.Number == stop {
					return errors.New("enough")
				}
				return nil
			}
			return tr, n, trainSet, nil
		}
	}
	through, dir := t.TempDir(), t.TempDir()
	want := together(2, background, part(through, 99))
	require.NoError(t, errors.Join(want[0].err, want[1].err))

	stopped := together(2, background, part(dir, 9))
	for _, s := range stopped {
		require.ErrorContains(t, s.err, "enough")
	}
	same := together(2, background, part(dir, 99))
	require.NoError(t, errors.Join(same[0].err, same[1].err))
	require.Equal(t, want[0].state, same[0].state)
	require.Equal(t, want[0].state, same[1].state)
	require.Empty(t, same[0].result.NotBitForBit)

	dir = t.TempDir()
	_ = together(2, background, part(dir, 9))
	four := together(4, background, part(dir, 15))
	require.ErrorContains(t, four[3].err, "enough")
	require.Len(t, four[3].result.NotBitForBit, 1)
	one := together(1, background, part(dir, 99))[0]
	require.NoError(t, one.err)
	require.Len(t, one.result.Epochs, 3)
	require.Len(t, one.result.NotBitForBit, 2)
	require.Contains(t, one.result.NotBitForBit[0].Changes[0], "training.ranks")
	for path, w := range want[0].state {
		for i, v := range w {
			require.InDelta(t, v, one.state[path][i], 0.5, path) // batch norm of other parts of batches
		}
	}
}

func TestRanksThatAreNotAlikeAreNamed(t *testing.T) {
	trainSet, _ := generated(t, 12)
	other, _ := generated(t, 11)
	for name, c := range map[string]struct {
		change func(*train.Trainer, *dataset.Dataset)
		want   []string
	}{
		"settings": {func(tr *train.Trainer, _ *dataset.Dataset) { tr.Seed = 9 }, []string{"rank 1", "training.seed", "9", "5"}},
		"data":     {func(_ *train.Trainer, d *dataset.Dataset) { *d = other }, []string{"rank 1", "data.train_counts"}},
		"pixels": {func(_ *train.Trainer, d *dataset.Dataset) {
			*d = with{Dataset: trainSet, image: func(i int, dst *dataset.Image) error {
				err := trainSet.Image(i, dst)
				dst.Pix[0]++
				return err
			}}
		}, []string{"rank 1", "data.train_content"}},
		"an error": {func(tr *train.Trainer, _ *dataset.Dataset) { tr.ClipNorm = -1 }, []string{"rank 1", "ClipNorm"}},
		"a sampler": {func(tr *train.Trainer, _ *dataset.Dataset) {
			tr.Streams[0].Sampler = sampler.Func(func(labels []int, p sampler.Plan) ([]int, error) {
				order, err := inOrder{}.Epoch(labels, p)
				slices.Reverse(order)
				return order, err
			})
		}, []string{"rank 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := together(2, background, func(rank int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
				tr, set := short(), dataset.Dataset(trainSet)
				tr.Seed = 5
				tr.Streams[0].Sampler = sampler.Func(inOrder{}.Epoch)
				if rank == 1 {
					c.change(&tr, &set)
				}
				return tr, mlp(t), set, nil
			})
			for r := range all {
				require.Error(t, all[r].err, "rank %d", r)
			}
			for _, w := range c.want {
				require.ErrorContains(t, all[0].err, w)
			}
		})
	}
}

// What one rank cannot read, and what one is told, ends all at the same step; the run is saved once.
func TestRanksEndTogether(t *testing.T) {
	trainSet, _ := generated(t, 12)
	broken := errors.New("the disk is gone")
	make := func(data dataset.Dataset, dir string, onStep func(rank int, s train.StepReport) error) func(int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
		return func(rank int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
			tr := short()
			tr.Epochs, tr.Checkpoints.Dir, tr.HashImages = 2, dir, train.HashNothing
			tr.OnStep = func(s train.StepReport) error { return onStep(rank, s) }
			return tr, mlp(t), data, nil
		}
	}
	quiet := func(int, train.StepReport) error { return nil }

	damaged := with{Dataset: trainSet, image: func(i int, dst *dataset.Image) error {
		if i == 22 { // of rank 1: batches of 4, two each
			return broken
		}
		return trainSet.Image(i, dst)
	}}
	all := together(2, background, make(damaged, "", quiet))
	require.ErrorIs(t, all[1].err, broken)
	require.ErrorContains(t, all[0].err, "rank 1: ")
	require.ErrorContains(t, all[0].err, broken.Error())
	require.Equal(t, all[0].state, all[1].state)

	all = together(2, background, make(trainSet, "", func(rank int, s train.StepReport) error {
		if rank == 0 && s.Number == 3 {
			return broken
		}
		return nil
	}))
	require.ErrorIs(t, all[0].err, broken)
	require.ErrorContains(t, all[1].err, "rank 0: ")

	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(context.Background())
	all = together(3, func(rank int) context.Context {
		if rank == 2 {
			return ctx
		}
		return context.Background()
	}, make(trainSet, dir, func(rank int, s train.StepReport) error {
		if rank == 2 && s.Number == 4 {
			cancel(errors.New("the queue is full"))
		}
		return nil
	}))
	for r := range all {
		require.ErrorIs(t, all[r].err, context.Canceled)
		require.ErrorContains(t, all[r].err, "the queue is full")
		require.Equal(t, all[0].state, all[r].state)
	}
	require.ErrorContains(t, all[0].err, dir)
	require.NotContains(t, all[1].err.Error(), dir)
}

// A step that is not finite on one rank is left out on all.
func TestRanksLeaveOutTheSameStep(t *testing.T) {
	trainSet, _ := generated(t, 12)
	all := together(2, background, func(rank int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
		tr, n := short(), mlp(t)
		tr.SkipNonFinite = 1
		var batches atomic.Int32
		tr.Streams[0].Mixer = mixer(func(images *tensor.Tensor, _ []int, _ int) *loss.Mix {
			if batches.Add(1) == 3 && rank == 1 {
				images.Data()[0] = float32(math.Inf(1))
			}
			return nil
		})
		return tr, n, trainSet, nil
	})
	for r := range all {
		require.NoError(t, all[r].err)
		require.Equal(t, 1, all[r].result.Epochs[0].NonFinite)
		require.Equal(t, all[0].state, all[r].state)
	}
}

func TestSettingsForRanks(t *testing.T) {
	trainSet, _ := generated(t, 12)
	for want, change := range map[string]func(*train.Trainer){
		"Batch 2":     func(tr *train.Trainer) { tr.Batch = 2 },
		"the Chunk 2": func(tr *train.Trainer) { tr.Batch, tr.Chunk = 8, 2 },
	} {
		all := together(3, background, func(int) (train.Trainer, *hybrid.Network, dataset.Dataset, dataset.Dataset) {
			tr := short()
			change(&tr)
			return tr, mlp(t), trainSet, nil
		})
		require.ErrorContains(t, all[1].err, want)
		require.ErrorContains(t, all[1].err, "3 ranks")
	}
}
