package train_test

import (
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A step uses the memory of the step before: over 180 steps, epoch ends among them, the heap grows by less than 64 KB in
// all, and a step allocates less than 80 KB. More goroutines at once need more, once; hence at most four.
func TestSteadyStepsDoNotGrowTheHeap(t *testing.T) {
	if underRace() {
		t.Skip("pools do not keep their memory under the race detector")
	}
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	runtime.GOMAXPROCS(min(procs, 4))
	const first, last = 20, 200
	trainSet, _ := generated(t, 40)
	run := func(method string) (heap, grown, each int64) {
		n := resNet(t, 1)
		var from, to runtime.MemStats
		steps := 0
		fit(t, train.Trainer{Streams: methods[method](), Epochs: 20, Batch: 16, LearningRate: schedule.Constant(0.01),
			OnStep: func(train.StepReport) error {
				switch steps++; steps {
				case first:
					runtime.GC()
					runtime.GC() // the second empties sync.Pool
					runtime.ReadMemStats(&from)
				case last:
					runtime.GC()
					runtime.GC()
					runtime.ReadMemStats(&to)
				}
				return nil
			}}, n, trainSet, nil)
		require.Equal(t, last, steps)
		return int64(from.HeapAlloc), int64(to.HeapAlloc) - int64(from.HeapAlloc), int64(to.TotalAlloc-from.TotalAlloc) / (last - first)
	}
	run("CE") // the runtime keeps the descriptors of goroutines that have ended, as many as ever ran at once
	for method := range methods {
		heap, grown, each := run(method)
		t.Logf("%s: heap %d KB, grown by %d bytes; %d bytes a step", method, heap>>10, grown, each)
		require.Less(t, grown, int64(64<<10), method)
		require.Less(t, each, int64(80<<10), method)
	}
}
