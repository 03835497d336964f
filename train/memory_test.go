package train_test

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A step uses the memory of the step before: over 180 steps, epoch ends among them, the heap grows by less than 64 KB in
// all, and a step allocates less than 48 KB. More goroutines at once need more, once; hence at most four.
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
		require.Less(t, each, int64(48<<10), method)
	}
}

// A step of ResNet-32 by Hybrid-SC leaves less than 100 KB of garbage. On several cores there may be working memory on top, once.
func TestAStepOfResNet32LeavesLittle(t *testing.T) {
	switch {
	case underRace():
		t.Skip("pools do not keep their memory under the race detector")
	case kernels.Level() == "generic":
		t.Skip("pure Go leaves more, and takes its time")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would empty sync.Pool
	const first, last = 6, 11
	trainSet, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 10, Size: 32, PerClass: 5})
	require.NoError(t, err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, 10)
	require.NoError(t, err)
	var from, to runtime.MemStats
	fit(t, train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 4, LearningRate: schedule.Constant(0.01),
		OnStep: func(r train.StepReport) error {
			switch r.At.Step {
			case first:
				runtime.ReadMemStats(&from)
			case last:
				runtime.ReadMemStats(&to)
			}
			return nil
		}}, n, trainSet, nil)
	each := int64(to.TotalAlloc-from.TotalAlloc) / (last - first)
	t.Logf("%d bytes, %d objects", each, (to.Mallocs-from.Mallocs)/(last-first))
	require.Positive(t, each)
	require.Less(t, each, int64(100<<10))
}
