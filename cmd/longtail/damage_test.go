package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// timesOf is how often a test damages or stops something, by an environment variable.
func timesOf(t *testing.T, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, variable)
	return n
}

// Every file of a finished run, with a bit flipped or its end cut off: weights and checkpoints are found to be damaged, and
// nothing that reads the others panics or hangs. Text that people read (reports, CSV, events, settings) has no checksum, so
// a digit that changed there may go unnoticed. LONGTAIL_DAMAGE is how often for each file; 1 if it is not set.
func TestDamagedFilesOfARun(t *testing.T) {
	often := timesOf(t, "LONGTAIL_DAMAGE", 1)
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	succeed(t, "train --ema 0.9 --data "+data+small+"--out", run)
	var files []string
	require.NoError(t, filepath.WalkDir(run, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	require.Greater(t, len(files), 15)
	rng := rand.New(rand.NewPCG(3, 4))
	told := 0
	for _, path := range files {
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for i := range often {
			text, what := []byte(string(whole)), ""
			at := rng.IntN(len(text))
			if i%5 == 4 {
				text, what = text[:at], fmt.Sprintf("%s cut at %d", path, at)
			} else {
				bit := rng.IntN(8)
				text[at] ^= 1 << bit
				what = fmt.Sprintf("%s with bit %d of byte %d flipped", path, bit, at)
			}
			require.NoError(t, os.WriteFile(path, text, 0o666))
			if damaged(t, run, path, what) {
				told++
			}
		}
		require.NoError(t, os.WriteFile(path, whole, 0o666))
	}
	t.Logf("%d files, %d damages each, %d told", len(files), often, told)
}

// damaged looks at a run with a damaged file, and says whether that was told.
func damaged(t *testing.T, run, path, what string) bool {
	t.Helper()
	switch {
	case strings.Contains(path, "checkpoints"):
		if filepath.Base(path) == "lock" {
			return false
		}
		_, err := checkpoint.Open(filepath.Dir(path))
		require.ErrorContains(t, err, filepath.Dir(path), what)
		return true
	case strings.HasSuffix(path, ".safetensors"):
		_, _, err := hybrid.Open(path)
		require.ErrorContains(t, err, path, what)
		return true
	}
	_, err := experiment.Read(run)
	told := err != nil
	for _, words := range []string{"train --resume --out " + run, "evaluate " + run, "compare --methods none --with " + run} {
		code, _, log := lineUntil(context.Background(), new(strings.Builder), words)
		require.Contains(t, []int{0, failed, usage}, code, what)
		require.Equal(t, code == 0, !strings.Contains(log, "longtail: "), "%s: %s\n%s", what, words, log)
		told = told || code != 0
	}
	return told
}
