package train_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Between epoch 20 and the last, a run saved after each keeps its open files, and its heap grows by the history alone: less
// than 2 KB an epoch.
func TestManyCheckpointsKeepMemoryAndFiles(t *testing.T) {
	if underRace() {
		t.Skip("pools do not keep their memory under the race detector")
	}
	const first, epochs = 20, 120
	trainSet, test := generated(t, 1)
	tr := short()
	tr.Epochs, tr.EMA.Decay, tr.Checkpoints.Dir = epochs, 0.9, t.TempDir()
	var heap, files [2]int
	tr.OnEpoch = func(e train.EpochReport) error {
		if at := map[int]int{first: 0, epochs - 1: 1}; e.Epoch == first || e.Epoch == epochs-1 {
			runtime.GC()
			runtime.GC() // the second empties sync.Pool
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			open, _ := os.ReadDir("/proc/self/fd") // none where there is no such thing
			heap[at[e.Epoch]], files[at[e.Epoch]] = int(m.HeapAlloc), len(open)
		}
		return nil
	}
	fit(t, tr, mlp(t), trainSet, test)
	require.Equal(t, files[0], files[1], "open files")
	require.Less(t, heap[1]-heap[0], (epochs-first)*2<<10, "bytes of heap")
	t.Logf("%d files, heap %d KB, grown by %d bytes in %d epochs", files[1], heap[0]>>10, heap[1]-heap[0], epochs-first)
}
