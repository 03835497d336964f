//go:build unix

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/stretchr/testify/require"
)

// A process killed at random moments and started again each time ends with the bits of one that was left alone, and never
// leaves a checkpoint that is not whole. LONGTAIL_KILLS is how often; 3 if it is not set.
func TestKilledRunsEndWithTheSameBits(t *testing.T) {
	kills := 3
	if text := os.Getenv("LONGTAIL_KILLS"); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	data, whole := classFolders(t), t.TempDir()
	args := func(out string) []string { return small(data, out, "-resume", "-every", "1", "-epochs", "40") }
	began := time.Now()
	log, err := program(t, args(whole)).CombinedOutput()
	require.NoError(t, err, "%s", log)
	longest := time.Since(began)
	want := left(t, whole)

	rng := rand.New(rand.NewPCG(1, 2))
	parts, gained, rounds := t.TempDir(), 0, 0
	for done := 0; done < kills; {
		var log bytes.Buffer
		c := program(t, args(parts))
		c.Stdout, c.Stderr = &log, &log
		require.NoError(t, c.Start())
		timer := time.AfterFunc(time.Duration(rng.Float64()*float64(longest)/4), func() { _ = c.Process.Kill() })
		err := c.Wait()
		timer.Stop()
		if err == nil { // it was faster: begin again
			rounds++
			requireSame(t, want, left(t, parts))
			require.NoError(t, os.RemoveAll(parts))
			continue
		}
		require.Equal(t, -1, c.ProcessState.ExitCode(), "it ended by itself: %s", log.String())
		done++
		store := checkpoint.Store{Dir: filepath.Join(parts, "checkpoints")}
		if all, err := store.List(); err != nil || len(all) > 0 {
			newest, damaged, err := store.Newest()
			require.NoError(t, err)
			require.Empty(t, damaged)
			gained = max(gained, newest.Run.Epoch*3+newest.Run.Step)
		}
	}
	final, err := program(t, args(parts)).CombinedOutput()
	require.NoError(t, err, "%s", final)
	requireSame(t, want, left(t, parts))
	t.Logf("%d kills in runs of %v; %d runs ended in between; the furthest kill was after step %d of 120", kills, longest, rounds, gained)
}
