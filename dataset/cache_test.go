package dataset_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// mixed are images of many sizes; read counts how often any is made.
func mixed(n int, read *atomic.Int64) dataset.Func {
	return dataset.Func{Images: n, Names: []string{"a", "b"}, LabelOf: func(i int) int { return i % 2 }, ReadInto: func(i int, dst *dataset.Image) error {
		read.Add(1)
		dst.Resize(dataset.Shape{Height: 1 + i%7, Width: 2 + i%5, Channels: 3})
		rng := rand.New(rand.NewPCG(uint64(i), 2))
		for k := range dst.Pix {
			dst.Pix[k] = uint8(rng.IntN(256))
		}
		return nil
	}}
}

func bytesOf(t *testing.T, d dataset.Dataset) (n int64) {
	var img dataset.Image
	for i := range d.Len() {
		require.NoError(t, d.Image(i, &img))
		n += int64(len(img.Pix))
	}
	return n
}

func TestCacheGivesWhatTheSetGives(t *testing.T) {
	const n = 200
	var read atomic.Int64
	set := mixed(n, &read)
	total := bytesOf(t, set)
	for _, s := range []struct {
		dataset.CacheSettings
		all bool // are kept
	}{
		{dataset.CacheSettings{Memory: total}, true},
		{dataset.CacheSettings{File: total}, true},
		{dataset.CacheSettings{Memory: total / 3, File: total}, true},
		{dataset.CacheSettings{Memory: total / 4, File: total / 4}, false},
		{dataset.CacheSettings{}, false},
	} {
		s.Dir = t.TempDir()
		c, err := dataset.NewCache(set, s.CacheSettings)
		require.NoError(t, err)
		var wg sync.WaitGroup
		failed := make(chan string, 8)
		for w := range 8 { // they begin elsewhere, and meet
			wg.Go(func() {
				var got, want dataset.Image
				for k := range 3 * n {
					i := (k*7 + w*29) % n
					if c.Image(i, &got) != nil || set.Image(i, &want) != nil || got.Shape() != want.Shape() || string(got.Pix) != string(want.Pix) {
						failed <- "an image differs"
						return
					}
				}
			})
		}
		wg.Wait()
		require.Empty(t, failed)
		before, stats := read.Load(), c.Stats()
		require.NoError(t, stats.Err)
		require.LessOrEqual(t, stats.Memory, s.Memory)
		require.LessOrEqual(t, stats.File, s.File)
		bytesOf(t, c)
		if s.all {
			require.Zero(t, read.Load()-before, "nothing is read twice")
			require.Equal(t, total, stats.Memory+stats.File)
			require.Equal(t, n, stats.Images)
		} else {
			require.EqualValues(t, n-stats.Images, read.Load()-before, "only what is not kept is read again")
			require.Greater(t, stats.Memory, s.Memory-7*6*3)
		}
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		left, err := os.ReadDir(s.Dir)
		require.NoError(t, err)
		require.Empty(t, left, "no file is left behind")
	}
}

func TestCacheHasTheMethodsOfItsSet(t *testing.T) {
	var read atomic.Int64
	part, err := dataset.Subset(mixed(9, &read), []int{8, 3, 5})
	require.NoError(t, err)
	c, err := dataset.NewCache(part, dataset.CacheSettings{Memory: 1 << 20})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 1}, dataset.Labels(c))
	require.Equal(t, []int{8, 3, 5}, dataset.Indices(c))
	require.Equal(t, "image 8", dataset.NameOf(c, 0))
	bad, err := dataset.Check(context.Background(), c, nil)
	require.NoError(t, err)
	require.Empty(t, bad)
	require.Equal(t, 3, c.Stats().Images, "Check reads ahead")
	require.ErrorContains(t, c.Image(-1, &dataset.Image{}), "image -1 asked of a set of 3")
	require.EqualValues(t, 3, read.Load())
	require.ErrorContains(t, c.Image(3, &dataset.Image{}), "image 3 asked of a set of 3")
}

func TestCacheFailures(t *testing.T) {
	var read atomic.Int64
	_, err := dataset.NewCache(mixed(3, &read), dataset.CacheSettings{Memory: -1})
	require.ErrorContains(t, err, "negative")
	_, err = dataset.NewCache(mixed(3, &read), dataset.CacheSettings{File: -1})
	require.ErrorContains(t, err, "negative")

	// Without a place for the file images are read each time, and it is said why.
	c, err := dataset.NewCache(mixed(3, &read), dataset.CacheSettings{File: 1 << 20, Dir: filepath.Join(t.TempDir(), "missing")})
	require.NoError(t, err)
	require.Positive(t, bytesOf(t, c))
	require.ErrorContains(t, c.Stats().Err, "missing")
	require.Zero(t, c.Stats().Images)

	// An image that cannot be read may be read later.
	broken := errors.New("cable pulled")
	set := mixed(3, &read)
	inner := set.ReadInto
	pulled := true
	set.ReadInto = func(i int, dst *dataset.Image) error {
		if pulled {
			return broken
		}
		return inner(i, dst)
	}
	c, err = dataset.NewCache(set, dataset.CacheSettings{Memory: 1 << 20})
	require.NoError(t, err)
	require.ErrorIs(t, c.Image(1, &dataset.Image{}), broken)
	pulled = false
	require.NoError(t, c.Image(1, &dataset.Image{}))
	require.Equal(t, 1, c.Stats().Images)
}
