package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/stretchr/testify/require"
)

// small are the flags of a run of a second.
func small(data, out string, more ...string) []string {
	return append([]string{"-data", data, "-size", "16", "-depth", "8", "-width", "4", "-imbalance", "8", "-method", "hybrid-psc", "-epochs", "4",
		"-batch", "8", "-lr", "0.05", "-limit", "3", "-ema", "0.9", "-out", out}, more...)
}

func runWith(t *testing.T, ctx context.Context, log *bytes.Buffer, args []string) error {
	t.Helper()
	s, err := parse(args)
	require.NoError(t, err)
	if log == nil {
		log = &bytes.Buffer{}
	}
	return run(ctx, s, &bytes.Buffer{}, log)
}

var times = regexp.MustCompile(`"(seconds|images_per_second)": [^,\n]*`)

// left is what a finished run leaves in its folder, without times.
func left(t *testing.T, out string) map[string]string {
	t.Helper()
	files := map[string]string{}
	c, damaged, err := checkpoint.Store{Dir: filepath.Join(out, "checkpoints")}.Newest()
	require.NoError(t, err)
	require.Empty(t, damaged)
	for _, name := range []string{"metrics.csv", "steps.csv"} {
		files[name] = table(t, filepath.Join(out, name))
	}
	text, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	require.NoError(t, err)
	files["manifest"] = string(text)
	for _, path := range []string{filepath.Join(out, "report.json"), filepath.Join(c.Path, "run.json"), filepath.Join(c.Path, "model.safetensors"),
		filepath.Join(c.Path, "optimizer.safetensors"), filepath.Join(c.Path, "ema.safetensors"), filepath.Join(c.Path, "manifest.json")} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = string(times.ReplaceAll(text, []byte(`"$1": 0`)))
	}
	return files
}

// table is what a CSV file says without times and speeds.
func table(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"step", "name", "value", "time"}, rows[0])
	var lines []string
	for _, row := range rows[1:] {
		if row[1] != "images/s" {
			lines = append(lines, strings.Join(row[:3], ","))
		}
	}
	return strings.Join(lines, "\n")
}

func requireSame(t *testing.T, want, got map[string]string) {
	t.Helper()
	require.Len(t, got, len(want))
	for name := range want {
		require.True(t, want[name] == got[name], "%s differs", name)
	}
}

func TestAnInterruptedRunGoesOn(t *testing.T) {
	data, whole, parts := classFolders(t), t.TempDir(), t.TempDir()
	require.NoError(t, runWith(t, context.Background(), nil, small(data, whole)))
	want := left(t, whole)
	var r report
	require.NoError(t, json.Unmarshal([]byte(want["report.json"]), &r))
	require.NotNil(t, r.Top1EMA)
	require.NotNil(t, r.History[3].Top1EMA)

	for i := range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		s, err := parse(small(data, parts, "-resume", "-every", "2"))
		require.NoError(t, err)
		var out bytes.Buffer
		err = run(ctx, s, &out, writer(func() { cancel() })) // at the line of an epoch
		if i < 2 {
			require.ErrorIs(t, err, context.Canceled)
			require.Contains(t, out.String(), "the same command with -resume goes on from "+filepath.Join(parts, "checkpoints", "epoch-000"))
		}
	}
	require.NoError(t, runWith(t, context.Background(), nil, small(data, parts, "-resume", "-every", "2")))
	requireSame(t, want, left(t, parts))
	names, err := filepath.Glob(filepath.Join(parts, "*"))
	require.NoError(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	require.Equal(t, []string{"checkpoints", "manifest.json", "metrics.csv", "report.json", "steps.csv", "tensorboard"}, names)

	// The average is a network's file.
	all, err := filepath.Glob(filepath.Join(parts, "checkpoints", "*", "ema.safetensors"))
	require.NoError(t, err)
	_, err = safetensors.Load(all[len(all)-1], network(t))
	require.NoError(t, err)
}

func TestTheDataMayBeElsewhereWhenARunGoesOn(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, runWith(t, context.Background(), nil, small(classFolders(t), out)))
	require.NoError(t, runWith(t, context.Background(), nil, small(classFolders(t), out, "-resume")))
}

func TestWhatARunDoesNotGoOnWith(t *testing.T) {
	data, out := classFolders(t), t.TempDir()
	require.NoError(t, runWith(t, context.Background(), nil, small(data, out)))
	err := runWith(t, context.Background(), nil, small(data, out))
	require.EqualError(t, err, "-out "+out+" has the checkpoints of a run: add -resume to go on with it, or choose another folder")
	err = runWith(t, context.Background(), nil, small(data, out, "-resume", "-select", "first"))
	require.ErrorContains(t, err, "-out "+out+" is another run, choose another folder. What it was, and what it is now:\n  "+
		`data.profile: "exp, imbalance 8, shuffle, seed 1", "exp, imbalance 8, first, seed 1"`)
	err = runWith(t, context.Background(), nil, small(data, out, "-resume", "-lr", "0.1"))
	require.EqualError(t, err, "-out "+out+" is another run, choose another folder. What it was, and what it is now:\n  "+
		`training.learning_rate: "schedule.MultiStep{Base: 0.05, Milestones: [2, 3]}", "schedule.MultiStep{Base: 0.1, Milestones: [2, 3]}"`)
	written := filepath.Join(out, "manifest.json")
	require.NoError(t, os.WriteFile(written, []byte("{"), 0o666))
	err = runWith(t, context.Background(), nil, small(data, out, "-resume"))
	require.EqualError(t, err, written+": manifest: unexpected end of JSON input")

	file := filepath.Join(out, "report.json")
	require.ErrorContains(t, runWith(t, context.Background(), nil, small(data, file)), "-out: mkdir "+file)
}
