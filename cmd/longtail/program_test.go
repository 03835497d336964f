package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/stretchr/testify/require"
)

// built is the program, built once as go install builds it, without cgo.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "longtail")
	if err != nil {
		return "", err
	}
	c := exec.Command("go", "install", ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+dir)
	text, err := c.CombinedOutput()
	if err != nil {
		return string(text), err
	}
	return filepath.Join(dir, "longtail"), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := built(); err == nil && !testing.Short() {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// program is a process of a command line, in a folder.
func program(t *testing.T, dir, words string, more ...string) *exec.Cmd {
	t.Helper()
	path, err := built()
	require.NoError(t, err, path)
	c := exec.Command(path, append(strings.Fields(words), more...)...)
	c.Dir = dir
	return c
}

// Ctrl-C saves and exits with the code that says so; a second one ends the program at once.
func TestCtrlC(t *testing.T) {
	dir := t.TempDir()
	c := program(t, dir, "train --quick --epochs 1000 --out run")
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	log := ""
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		log += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "epoch 2/1000  lr") {
			require.NoError(t, c.Process.Signal(os.Interrupt))
		}
	}
	_ = c.Wait()
	require.Equal(t, stopped, c.ProcessState.ExitCode(), log)
	require.Contains(t, log, "longtail train --resume --out run goes on")
	_, damaged, err := checkpoint.Store{Dir: filepath.Join(dir, "run", "checkpoints")}.Newest()
	require.NoError(t, err)
	require.Empty(t, damaged)

	c = program(t, dir, "train --quick --depth 56 --width 32 --size 32 --batch 480 --out slow") // a step takes a second or more
	pipe, err = c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewScanner(pipe)
	for lines.Scan() && !strings.Contains(lines.Text(), "on CIFAR ResNet-56") { // training begins
	}
	time.Sleep(300 * time.Millisecond)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.True(t, lines.Scan())
	require.Equal(t, "stopping after this step; once more to stop at once", lines.Text())
	require.NoError(t, c.Process.Signal(os.Interrupt))
	_ = c.Wait()
	require.Equal(t, -1, c.ProcessState.ExitCode(), "ended by the signal")
}

// Processes killed at random moments and started again end with the files of one that was left alone, and never leave a
// checkpoint that is not whole; a comparison likewise, in the middle of its runs. LONGTAIL_KILLS is how often; 2 if it is not set.
func TestKilledProcessesGoOn(t *testing.T) {
	kills := timesOf(t, "LONGTAIL_KILLS", 2)
	stopAtRandom(t, kills, (*os.Process).Kill, -1)
}

// Likewise Ctrl-C, at any moment, whether there is something to save yet or not. LONGTAIL_CANCELS is how often; TestCtrlC is what
// every run of the tests has.
func TestCancelledProcessesGoOn(t *testing.T) {
	cancels := timesOf(t, "LONGTAIL_CANCELS", 0)
	if cancels == 0 {
		t.Skip("set LONGTAIL_CANCELS to a number of them")
	}
	stopAtRandom(t, cancels, func(p *os.Process) error { return p.Signal(os.Interrupt) }, stopped, 130, -1)
}

// stopAtRandom stops processes so often, with exit codes that mean that they were stopped.
func stopAtRandom(t *testing.T, often int, stop func(*os.Process) error, codes ...int) {
	data := photos(t)
	for name, c := range map[string]struct {
		words string
		runs  []string // folders in that of --out
	}{
		"train":   {"train --resume --every 3 --method crt --ema 0.9 --depth 8 --width 4 --batch 8 --lr 0.05 --epochs 12 --data " + data + " --out", []string{"."}},
		"compare": {"compare --resume --quick --size 8 --width 4 --epochs 12 --floor 0 --methods ce,hybrid-psc,tau-norm,kcl --out", []string{"ce-seed-1", "hybrid-psc-seed-1", "tau-norm-seed-1", "kcl-seed-1"}},
	} {
		t.Run(name, func(t *testing.T) { goesOn(t, c.words, c.runs, often, stop, codes) })
	}
}

func goesOn(t *testing.T, words string, runs []string, often int, stop func(*os.Process) error, codes []int) {
	dir := t.TempDir()
	began := time.Now()
	log, err := program(t, dir, words, "whole").CombinedOutput()
	require.NoError(t, err, "%s", log)
	longest := time.Since(began)
	want := left(t, filepath.Join(dir, "whole"), runs)

	rng := rand.New(rand.NewPCG(1, 2))
	rounds, seen := 0, 0
	parts := filepath.Join(dir, "parts")
	for done := 0; done < often; {
		var log bytes.Buffer
		c := program(t, dir, words, "parts")
		c.Stdout, c.Stderr = &log, &log
		require.NoError(t, c.Start())
		timer := time.AfterFunc(time.Duration(rng.Float64()*float64(longest)/2), func() { _ = stop(c.Process) })
		err := c.Wait()
		timer.Stop()
		if err == nil { // it was faster: begin again
			rounds++
			require.Equal(t, want, left(t, parts, runs))
			require.NoError(t, os.RemoveAll(parts))
			continue
		}
		require.Contains(t, codes, c.ProcessState.ExitCode(), "it ended by itself: %s", log.String())
		done++
		for _, run := range runs {
			store := checkpoint.Store{Dir: filepath.Join(parts, run, "checkpoints")}
			if all, err := store.List(); err != nil || len(all) > 0 {
				_, damaged, err := store.Newest()
				require.NoError(t, err)
				require.Empty(t, damaged)
				seen++
			}
		}
	}
	final, err := program(t, dir, words, "parts").CombinedOutput()
	require.NoError(t, err, "%s", final)
	require.Equal(t, want, left(t, parts, runs))
	t.Logf("stopped %d times in %v; %d ended in between; %d runs had checkpoints when they were stopped", often, longest, rounds, seen)
}

// left is what finished runs leave in their folders, without times.
func left(t *testing.T, dir string, runs []string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, run := range runs {
		for _, name := range []string{"report.json", "manifest.json", "model.safetensors"} {
			files[run+"/"+name] = untimed(read(t, dir, run, name))
		}
		for _, name := range []string{"metrics.csv", "steps.csv"} {
			rows, err := csv.NewReader(strings.NewReader(read(t, dir, run, name))).ReadAll()
			require.NoError(t, err)
			for _, row := range rows {
				if row[1] != "images/s" {
					files[run+"/"+name] += strings.Join(row[:3], ",") + "\n"
				}
			}
		}
	}
	return files
}
