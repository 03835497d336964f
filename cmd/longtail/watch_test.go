package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/longtail-ml/longtail/record"
	"github.com/stretchr/testify/require"
)

func TestSpark(t *testing.T) {
	require.Equal(t, "▁▄▅█", spark([]float64{9, 0, 4, 5, 10}, 4))
	require.Equal(t, "▁▁", spark([]float64{3, 3}, 9))
	require.Equal(t, "▁ █ ", spark([]float64{0, math.NaN(), 1, math.Inf(1)}, 9))
	require.Empty(t, spark(nil, 9))
}

// A line for each group of figures; colors only where they are wanted.
func TestTrends(t *testing.T) {
	lines := func(p painter) string {
		tr := trends{painter: p, columns: 100}
		for e := range 3 {
			tr.add(record.Epoch{Epoch: e, Loss: 3 - float64(e), Losses: []record.Loss{{Name: "sc", Value: 4}, {Name: "ce", Value: 1 + float64(e)}},
				Figures: []record.Figure{{Name: "test/top1", Value: 0.1 * float64(e)}, {Name: "test/few", Value: 0.5}}})
		}
		return strings.Join(tr.lines(), "\n")
	}
	require.Equal(t, "  loss     1.000 █▅▁  ce 3.000 ▁▅█  sc 4.000 ▁▁▁\n  test     20.0% ▁▅█  few 50.0% ▁▁▁", lines(false))
	require.Contains(t, lines(true), "\x1b[35m▁▁▁\x1b[0m")
	require.Empty(t, (&trends{}).lines())
	var b bytes.Buffer
	require.False(t, canPlot(terminal.NewStream(&b)))
	require.False(t, bool(newPainter(terminal.NewStream(&b))))
	require.Equal(t, 80, terminal.NewStream(&b).Columns())
}

// A finished run is told at once; one that goes on, until it ends.
func TestWatch(t *testing.T) {
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	page := filepath.Join(t.TempDir(), "page.html")
	out, log := succeed(t, "train --method hybrid-psc --report "+page+" --data "+data+small+"--out", run)
	require.Contains(t, out, "longtail report "+run)
	require.Contains(t, log, page+" is the page")
	require.Contains(t, read(t, page), "Gram matrix: prototypes of the loss psc")
	want, _ := succeed(t, "train --resume --out", run)
	_, want, _ = strings.Cut(want, "top-1 (%)")
	want, _, _ = strings.Cut(want, "\n\n")
	out, _ = succeed(t, "watch "+run)
	require.Contains(t, out, want)
	require.Equal(t, 3, strings.Count(out, "  lr "))
	require.Regexp(t, `epoch 3/3  lr \S+  loss \S+  ce \S+ \(weight \S+\)  psc \S+ \(weight \S+\)  \d+ images/s  test \d`, out)
	require.NotContains(t, out, "\x1b")

	report := read(t, run, "report.json")
	require.NoError(t, os.Remove(filepath.Join(run, "report.json")))
	now := time.Now()
	require.NoError(t, os.Chtimes(filepath.Join(run, "steps.csv"), now, now))
	done := make(chan string)
	go func() {
		code, out, log := lineUntil(context.Background(), &bytes.Buffer{}, "watch --every 20ms "+run)
		done <- fmt.Sprint(code, out, log)
	}()
	time.Sleep(60 * time.Millisecond)
	require.NoError(t, os.WriteFile(filepath.Join(run, "new"), []byte(report), 0o666))
	require.NoError(t, os.Rename(filepath.Join(run, "new"), filepath.Join(run, "report.json"))) // whole, as runs write it
	text := <-done
	require.Contains(t, text, want)
	require.Equal(t, 3, strings.Count(text, "  lr "))

	require.NoError(t, os.Remove(filepath.Join(run, "report.json")))
	long := now.Add(-time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(run, "steps.csv"), long, long))
	fail(t, failed, "longtail train --resume --out "+run, "watch "+run)
	fail(t, failed, "is not the folder of a run", "watch "+data)
	fail(t, usage, "--every=0s", "watch --every 0s "+run)
}

// writing calls a function before what is written.
type writing struct {
	bytes.Buffer
	each func()
}

func (s *writing) Write(p []byte) (int, error) { s.each(); return s.Buffer.Write(p) }

// A run that goes on has its folder while it reads the data too, and is not over by the report of when it was stopped.
func TestWatchOfARunThatGoesOn(t *testing.T) {
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	log := &writing{}
	log.each = func() {
		if strings.Contains(log.String(), "epoch 1/") {
			cancel()
		}
	}
	code, _, text := lineUntil(ctx, log, "train --epochs 50 --data "+data+" --depth 8 --width 2 --batch 8 --out", run)
	require.Equal(t, stopped, code, text)
	fail(t, failed, "no program trains it", "watch "+run)

	asked := 0
	log = &writing{each: func() {
		if asked++; asked > 1 {
			return
		}
		require.ErrorContains(t, experiment.InUse(run), "is in use")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		code, _, text := lineUntil(ctx, &bytes.Buffer{}, "watch --every 10ms "+run)
		require.Zero(t, code, text)
	}}
	code, _, text = lineUntil(t.Context(), log, "train --resume --override epochs --epochs 2 --out", run)
	require.Zero(t, code, text)
	require.Less(t, 1, asked)
	require.NoFileExists(t, filepath.Join(run, "lock"))
}

func TestComparePage(t *testing.T) {
	page, dir := filepath.Join(t.TempDir(), "page.html"), filepath.Join(t.TempDir(), "all")
	for _, more := range []string{"", " --out " + dir} {
		succeed(t, "compare --methods ce,focal"+tiny+more+" --report "+page)
		require.Contains(t, read(t, page), "focal-seed-1 (difference)")
	}
	require.Contains(t, read(t, page), "ring-6") // names are in the folders' models
	succeed(t, "report "+dir+" -o "+page+" --png "+filepath.Join(dir, "plots"))
	require.FileExists(t, filepath.Join(dir, "plots", "difference.png"))
}
