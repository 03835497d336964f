package train_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A run with every option on, stopped and gone on with eight times: from a sixth of the epochs to the last it keeps its
// open files and goroutines, and its heap grows by the history alone, less than 4 KB an epoch. LONGTAIL_SOAK is how many epochs.
// A checkpoint has the history too: of more than 1,000 epochs not every step is saved.
func TestALongRunKeepsMemoryFilesAndGoroutines(t *testing.T) {
	if underRace() {
		t.Skip("pools do not keep their memory under the race detector")
	}
	epochs := 60
	if text := os.Getenv("LONGTAIL_SOAK"); text != "" {
		var err error
		epochs, err = strconv.Atoi(text)
		require.NoError(t, err, "LONGTAIL_SOAK")
	}
	require.GreaterOrEqual(t, epochs, 60, "LONGTAIL_SOAK")
	first, part := epochs/6, epochs/9
	trainSet, test := generated(t, 2)
	_, validation := generated(t, 3)
	dir := t.TempDir()
	type held struct{ heap, files, goroutines int }
	var seen []held
	paused := errors.New("paused")
	for ended := false; !ended; {
		ctx, cancel := context.WithCancelCause(context.Background())
		tr, n := everything(t, dir)
		tr.Epochs, tr.Validation = epochs, validation
		if epochs > 1000 {
			tr.Checkpoints.EverySteps, tr.Checkpoints.EveryEpochs = 0, 50
		}
		tr.OnEpoch = func(e train.EpochReport) error {
			if e.Epoch == first || e.Epoch > first && e.Epoch%part == part/2 || e.Epoch == epochs-1 {
				runtime.GC()
				runtime.GC() // the second empties sync.Pool
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				open, _ := os.ReadDir("/proc/self/fd") // none where there is no such thing
				seen = append(seen, held{int(m.HeapAlloc), len(open), runtime.NumGoroutine()})
				t.Logf("epoch %d: heap %d KB, %d files, %d goroutines", e.Epoch, m.HeapAlloc>>10, len(open), runtime.NumGoroutine())
			}
			if e.Epoch%part == part-1 && e.Epoch < epochs-1 {
				cancel(paused)
			}
			return nil
		}
		_, err := tr.Fit(ctx, n, trainSet, test)
		cancel(nil)
		if ended = err == nil; !ended {
			require.ErrorIs(t, err, paused)
		}
	}
	require.GreaterOrEqual(t, len(seen), 8)
	for _, now := range seen[1:] {
		require.Equal(t, seen[0].files, now.files, "open files")
		require.InDelta(t, seen[0].goroutines, now.goroutines, 2, "goroutines") // a worker may be ending
	}
	require.Less(t, seen[len(seen)-1].heap-seen[0].heap, (epochs-first)*4<<10, "bytes of heap")
}

// everything is a trainer with every option on: all of them are at work in each epoch of two steps.
func everything(t *testing.T, dir string) (train.Trainer, *hybrid.Network) {
	n := resNet(t, 3)
	n.Classifier = nn.Sequential{nn.Dropout{Keep: 0.9}, n.Classifier}
	proco, err := loss.NewProCo(loss.ProCoSettings{Classes: classes, Dim: n.EmbeddingDim()})
	require.NoError(t, err)
	flip := []augment.Transform{augment.Flip{P: 0.5}, augment.Grayscale{P: 0.5}, augment.Identity{}}
	streams := []hybrid.Stream{
		{Sampler: sampler.Instance{}, Views: flip, Terms: []hybrid.Term{
			{Name: "kcl", Loss: &loss.KCL{Queue: queue(t, n), Temperature: 0.1, Positives: 2}, Views: []int{0, 2}, KeyViews: []int{1}},
			{Name: "proco", Loss: proco, Weight: schedule.Curriculum{}},
		}},
		{Sampler: sampler.ClassBalanced{}, Views: flip[:1], Terms: []hybrid.Term{{Name: "ce", Loss: &loss.CrossEntropy{}}},
			Partner: &hybrid.Partner{Sampler: sampler.Reversed{}, Blender: augment.CutMix{Alpha: 1, P: 1}, Weight: schedule.Constant(0.5)}},
	}
	return train.Trainer{Streams: streams, Batch: 2, Accumulate: 2, KeyDecay: 0.9, ClipNorm: 1, Seed: 5, EvalEvery: 2, EvalBatch: 7,
		EMA: train.EMA{Decay: 0.9, Warmup: true}, Recompute: true, Precision: autograd.BFloat16, SkipNonFinite: 2, Patience: 1 << 30,
		LearningRate: schedule.Warmup{Epochs: 2, Then: schedule.Cosine{Base: 0.01}},
		Checkpoints:  train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 2, Resume: true},
		Observers:    []record.Observer{&record.Files{Dir: dir + "/figures"}},
		OnStep:       func(train.StepReport) error { return nil },
		OnWarning:    func(train.Warning) error { return nil }}, n
}
