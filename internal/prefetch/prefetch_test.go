package prefetch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/internal/prefetch"
	"github.com/stretchr/testify/require"
)

const rows = 5

// source gives row r of batch n the value 10·n + r, and does what a test asks for besides.
type source struct {
	fill     func(n, row int) error
	finish   func(n int) error
	batches  atomic.Int64
	finished atomic.Int64
	filled   [50]atomic.Int64 // rows of each batch
}

type batch struct{ values [rows]int }

type worker struct{ busy atomic.Bool }

func (s *source) New() *batch {
	s.batches.Add(1)
	return &batch{}
}

func (*source) Worker() *worker { return &worker{} }

func (*source) Rows(n int) int { return 1 + n%rows }

func (s *source) Fill(w *worker, b *batch, n, row int) error {
	if w.busy.Swap(true) {
		return errors.New("a worker fills two rows at once")
	}
	defer w.busy.Store(false)
	b.values[row] = 10*n + row
	s.filled[n%50].Add(1)
	if s.fill == nil {
		return nil
	}
	return s.fill(n, row)
}

func (s *source) Finish(_ *batch, n int) error {
	s.finished.Add(1)
	if filled := s.filled[n%50].Swap(0); filled != int64(s.Rows(n)) {
		return fmt.Errorf("batch %d was finished with %d rows", n, filled)
	}
	if s.finish == nil {
		return nil
	}
	return s.finish(n)
}

type loader = prefetch.Loader[*batch, *worker]

// whatever calls f for several numbers of workers and sees that no goroutine is left.
func whatever(t *testing.T, f func(t *testing.T, workers int)) {
	before := runtime.NumGoroutine()
	for _, workers := range []int{1, 2, 3, 7} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) { f(t, workers) })
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// take returns the numbers of the batches of a loop and its error.
func take(ctx context.Context, l *loader, s *source, from, to int) (got []int, err error) {
	n := from
	for b, err := range l.Batches(ctx, s, from, to) {
		if err != nil {
			return got, err
		}
		for row := range s.Rows(n) {
			if b.values[row] != 10*n+row {
				return got, fmt.Errorf("row %d of batch %d is %d", row, n, b.values[row])
			}
		}
		got = append(got, n)
		n++
	}
	return got, nil
}

func TestBatchesComeInOrderAndWhole(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		l, s := &loader{Workers: workers}, &source{}
		got, err := take(t.Context(), l, s, 3, 40)
		require.NoError(t, err)
		require.Len(t, got, 37)
		require.True(t, slices.IsSorted(got))
		require.EqualValues(t, 37, s.finished.Load())
		for _, none := range [][2]int{{0, 0}, {4, 2}} {
			got, err = take(t.Context(), l, s, none[0], none[1])
			require.NoError(t, err)
			require.Empty(t, got)
		}
		_, err = take(t.Context(), l, s, 0, 20)
		require.NoError(t, err)
		require.EqualValues(t, prefetch.InFlight, s.batches.Load(), "memory is used again")
	})
}

func TestMemoryIsForNoMoreBatchesThanThereAre(t *testing.T) {
	l, s := &loader{}, &source{}
	_, err := take(t.Context(), l, s, 0, 2)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.batches.Load())
}

// Each of the goroutines has a row of the one batch in hand at the same time.
func TestWorkersShareABatch(t *testing.T) {
	var together sync.WaitGroup
	together.Add(rows)
	s := &source{fill: func(int, int) error {
		together.Done()
		together.Wait()
		return nil
	}}
	_, err := take(t.Context(), &loader{Workers: rows}, s, rows-1, rows)
	require.NoError(t, err)
}

// No row is filled for a batch that there is no memory for, and those that there is memory for are filled ahead.
func TestHowFarAhead(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		var used, furthest atomic.Int64
		s := &source{fill: func(n, _ int) error {
			furthest.Store(max(furthest.Load(), int64(n)))
			if ahead := int64(n) - used.Load(); ahead >= prefetch.InFlight {
				return fmt.Errorf("batch %d is filled while batch %d is in use", n, used.Load())
			}
			return nil
		}}
		n := 0
		for _, err := range (&loader{Workers: workers}).Batches(t.Context(), s, 0, 30) {
			require.NoError(t, err)
			require.Eventually(t, func() bool { return furthest.Load() >= int64(min(29, n+prefetch.InFlight-1)) }, 5*time.Second, time.Millisecond)
			n++
			used.Store(int64(n))
		}
		require.Equal(t, 30, n)
	})
}

// Row 1 of batch 4 fails after rows 3 and 4, where there are workers for it, and after batch 5; it is reported, behind the whole
// batches before it.
func TestTheLowestRowsFailureIsReported(t *testing.T) {
	low := errors.New("low")
	for name, other := range map[string]func() error{
		"error": func() error { return errors.New("high") },
		"panic": func() error { panic("high") },
		"exit":  func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			whatever(t, func(t *testing.T, workers int) {
				failed := make(chan struct{}, 3)
				s := &source{fill: func(n, row int) error {
					switch {
					case n == 4 && row == 1:
						for range min(workers-1, 3) {
							<-failed
						}
						return low
					case n > 4 || n == 4 && row > 2:
						select {
						case failed <- struct{}{}:
						default:
						}
						return other()
					}
					return nil
				}}
				got, err := take(t.Context(), &loader{Workers: workers}, s, 0, 12)
				require.Equal(t, low, err)
				require.Equal(t, []int{0, 1, 2, 3}, got)
			})
		})
	}
}

func TestNothingIsFinishedThatHasFailed(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		bad := errors.New("bad")
		s := &source{fill: func(n, row int) error {
			if n == 4 && row == 2 {
				return bad
			}
			return nil
		}, finish: func(n int) error {
			if n == 4 {
				panic("finished")
			}
			return nil
		}}
		_, err := take(t.Context(), &loader{Workers: workers}, s, 4, 5)
		require.Equal(t, bad, err)

		s = &source{finish: func(n int) error {
			if n == 2 {
				return bad
			}
			return nil
		}}
		got, err := take(t.Context(), &loader{Workers: workers}, s, 0, 9)
		require.Equal(t, bad, err)
		require.Equal(t, []int{0, 1}, got)
	})
}

func TestPanicsAreRaisedInTheLoop(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		for _, s := range []*source{
			{fill: func(n, row int) error {
				if n == 4 && row == 1 {
					panic("mine")
				}
				return nil
			}},
			{finish: func(n int) error {
				if n == 4 {
					panic("mine")
				}
				return nil
			}},
		} {
			seen := 0
			require.PanicsWithValue(t, "mine", func() {
				for range (&loader{Workers: workers}).Batches(t.Context(), s, 0, 9) {
					seen++
				}
			})
			require.Equal(t, 4, seen)
		}
	})
}

func TestGoexitIsAnError(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		_, err := take(t.Context(), &loader{Workers: workers}, &source{fill: func(int, int) error { runtime.Goexit(); return nil }}, 4, 9)
		require.ErrorContains(t, err, "runtime.Goexit")
		_, err = take(t.Context(), &loader{Workers: workers}, &source{finish: func(int) error { runtime.Goexit(); return nil }}, 4, 9)
		require.ErrorContains(t, err, "runtime.Goexit")
	})
}

// However a loop ends, nothing is filled after it, and the loader is ready for another.
func TestNothingRunsOnAfterTheLoop(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		var over atomic.Bool
		var late atomic.Int64
		busy := func() *source {
			return &source{fill: func(int, int) error {
				runtime.Gosched()
				if over.Load() {
					late.Add(1)
				}
				return nil
			}}
		}
		l := &loader{Workers: workers}
		ended := func() {
			over.Store(true)
			time.Sleep(time.Millisecond)
			require.Zero(t, late.Load())
			over.Store(false)
		}
		for range l.Batches(t.Context(), busy(), 0, 50) {
			break
		}
		ended()
		require.PanicsWithValue(t, "loop", func() {
			for range l.Batches(t.Context(), busy(), 0, 50) {
				panic("loop")
			}
		})
		ended()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen := 0
		for b, err := range l.Batches(ctx, busy(), 0, 50) {
			if seen++; seen == 3 {
				cancel()
			}
			require.Equal(t, seen == 4, errors.Is(err, context.Canceled))
			require.Equal(t, seen == 4, b == nil)
		}
		require.Equal(t, 4, seen, "the error is the last")
		ended()
		got, err := take(t.Context(), l, &source{}, 0, 8)
		require.NoError(t, err)
		require.Len(t, got, 8)
	})
}

// A loop that waits for a slow row ends when it is cancelled.
func TestCancelledWhileWaiting(t *testing.T) {
	whatever(t, func(t *testing.T, workers int) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &source{fill: func(n, row int) error {
			if n == 4 && row == 4 {
				cancel()
				<-ctx.Done()
			}
			return nil
		}}
		got, err := take(ctx, &loader{Workers: workers}, s, 4, 9)
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, got)
	})
}

func TestARowAllocatesNothing(t *testing.T) {
	l, s := &loader{Workers: 2}, &source{}
	loop := func(batches int) float64 {
		return testing.AllocsPerRun(5, func() {
			for _, err := range l.Batches(context.Background(), s, 0, batches) {
				if err != nil {
					panic(err)
				}
			}
		})
	}
	require.InDelta(t, loop(10), loop(1010), 20)
}
