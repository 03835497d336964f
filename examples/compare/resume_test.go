package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type writer func(string)

func (w writer) Write(b []byte) (int, error) {
	w(string(b))
	return len(b), nil
}

// Of a comparison that is interrupted, what was finished is kept, and the same command goes on with the rest.
func TestAnInterruptedComparisonGoesOn(t *testing.T) {
	s := tiny(t, "-methods", "ce,crt", "-seeds", "1,2", "-epochs", "3")
	s.JSON = filepath.Join(t.TempDir(), "compare.json")
	s.With = []string{s.JSON}
	read := func() (f file) {
		text, err := os.ReadFile(s.JSON)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &f))
		return f
	}
	ctx, cancel := context.WithCancel(context.Background())
	var out bytes.Buffer
	var last file
	log := writer(func(text string) {
		if strings.Contains(text, "ce, seed 2") {
			last = read()
			cancel()
		}
	})
	require.ErrorIs(t, run(ctx, s, &out, log), context.Canceled)
	require.Equal(t, "after 2 runs of 4", last.Error, "written after every run")
	first := read()
	require.Len(t, first.Runs, 2, "those of the first seed")
	require.Contains(t, first.Error, "ce, seed 2: ")
	require.Contains(t, first.Error, "context canceled")
	require.Contains(t, out.String(), "cRT")

	var second bytes.Buffer
	require.NoError(t, run(context.Background(), s, &out, &second), second.String())
	require.Regexp(t, `^ce, seed 1: from .*compare.json\ncrt, seed 1: from .*compare.json\n1/2  ce, seed 2: .*\n2/2  crt, seed 2: .*\n$`, second.String())
	whole := read()
	require.Empty(t, whole.Error)
	require.Len(t, whole.Runs, 4)
	require.Equal(t, first.Runs, whole.Runs[:2], "not trained again")
	require.Equal(t, []uint64{1, 2}, whole.Table[1].Seeds)

	second.Reset()
	require.NoError(t, run(context.Background(), s, &out, &second))
	require.Equal(t, 4, strings.Count(second.String(), ": from "), "nothing is left to train")
	require.Equal(t, whole.Runs, read().Runs)

	// A run that would be trained otherwise is another.
	other := tiny(t, "-methods", "ce,crt", "-seeds", "1,2", "-epochs", "3", "-lr", "0.2", "-with", s.JSON)
	require.EqualError(t, run(context.Background(), other, &out, &second), "ce is there twice with seed 1, and the two differ in "+
		`training.learning_rate: "schedule.Warmup{Epochs: 1, Then: schedule.MultiStep{Base: 0.1, Milestones: [2]}}", `+
		`"schedule.Warmup{Epochs: 1, Then: schedule.MultiStep{Base: 0.2, Milestones: [2]}}": leave one out`)
}

// All seeds are planned before any is trained.
func TestALaterSeedThatDoesNotFitIsFoundFirst(t *testing.T) {
	path := trained(t, "-methods", "crt", "-seeds", "2", "-epochs", "2")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte(`"train_sha256": "`), []byte(`"train_sha256": "other`), 1), 0o644))
	s := tiny(t, "-methods", "ce", "-seeds", "1,2", "-epochs", "2", "-with", path)
	var out, log bytes.Buffer
	require.ErrorContains(t, run(context.Background(), s, &out, &log), `crt (seed 2) and ce (seed 2) differ in data.train_sha256: "other`)
	require.Empty(t, out.String()+log.String())
}
