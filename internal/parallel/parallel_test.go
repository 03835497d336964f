package parallel

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// withProcs runs f under several values of GOMAXPROCS.
func withProcs(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for _, procs := range []int{1, 2, 3, 7} {
		runtime.GOMAXPROCS(procs)
		f(t)
	}
}

func TestForVisitsEachIndexOnce(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		for _, n := range []int{-1, 0, 1, 2, 5, 100, 1000} {
			counts := make([]int32, max(n, 0))
			For(n, func(i int) { atomic.AddInt32(&counts[i], 1) })
			for _, c := range counts {
				require.EqualValues(t, 1, c)
			}
		}
	})
}

func TestForNestedAndConcurrent(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		var total atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				For(10, func(i int) {
					For(10, func(j int) { total.Add(int64(i*10 + j)) })
				})
			})
		}
		wg.Wait()
		require.EqualValues(t, 4*4950, total.Load())
	})
}

func TestForUsesSeveralGoroutines(t *testing.T) {
	old := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(old)
	var wg sync.WaitGroup
	wg.Add(3)
	For(3, func(int) { wg.Done(); wg.Wait() }) // ends only when three run at a time
}

// A loop inside of one that has all processors gets no helper, and one whose caller waits for its last index does.
func TestForInsideOfBusyLoops(t *testing.T) {
	old := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(old)
	var both, asked sync.WaitGroup
	both.Add(2)
	asked.Add(2)
	busy, later := make([]int, 2), 0
	For(2, func(i int) {
		both.Done()
		both.Wait()
		busy[i] = reserve(1, 2)
		asked.Done()
		if asked.Wait(); i == 0 {
			return
		}
		require.Eventually(t, func() bool { later = reserve(1, 2); return later == 1 }, 10*time.Second, time.Millisecond)
		working.Add(-1)
	})
	require.Equal(t, []int{0, 0}, busy)
	require.Equal(t, 1, later)
	require.Zero(t, working.Load(), "all have been given back")
}

// A helper that looked out for the next loop, one that gave up, and loops on top of each other.
func TestForOneAfterAnother(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		for round := range 200 {
			if round%20 == 0 {
				time.Sleep(2 * patience)
			}
			var total atomic.Int64
			For(13, func(i int) { total.Add(int64(i)) })
			require.EqualValues(t, 78, total.Load())
			if round%7 == 0 {
				require.Panics(t, func() { For(13, func(int) { panic(round) }) })
			}
		}
	})
	old := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(old)
	require.Eventually(t, func() bool {
		idle.Lock()
		defer idle.Unlock()
		return len(idle.helpers) == 0
	}, time.Second, time.Millisecond, "helpers that nobody calls end")
}

func TestForHandsPanicToCaller(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		err := errors.New("bad index")
		var running atomic.Int32
		require.PanicsWithError(t, "bad index", func() {
			For(100, func(i int) {
				running.Add(1)
				defer running.Add(-1)
				if i == 17 {
					panic(err)
				}
			})
		})
		require.Zero(t, running.Load())
	})
}

func TestForStopsAfterPanic(t *testing.T) {
	old := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(old)
	var done atomic.Int64
	require.Panics(t, func() {
		For(math.MaxInt, func(i int) {
			done.Add(1)
			if i == 3 {
				panic("stop")
			}
		})
	})
	require.Less(t, done.Load(), int64(1)<<30)
}

func TestRangeCoversInOrderAndBySizeAlone(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		for n := range 40 {
			for size := 1; size < 12; size++ {
				ends := make([]int, n+1)
				Range(n, size, func(lo, hi int) { ends[lo] = hi })
				for lo := 0; lo < n; lo += size {
					require.Equal(t, min(n, lo+size), ends[lo])
				}
			}
		}
	})
}

func TestTraceTimesTheBodiesOfOuterLoops(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	loops := Trace(func() {
		For(3, func(i int) {
			time.Sleep(time.Millisecond)
			For(5, func(int) {})
		})
		For(0, func(int) {})
		Range(10, 4, func(lo, hi int) {})
	})
	require.Equal(t, procs, runtime.GOMAXPROCS(0))
	require.Len(t, loops, 3)
	require.Len(t, loops[0], 3)
	for _, took := range loops[0] {
		require.GreaterOrEqual(t, took, time.Millisecond)
	}
	require.Empty(t, loops[1])
	require.Len(t, loops[2], 3)
	For(2, func(int) {})
	require.Len(t, loops, 3)
}
