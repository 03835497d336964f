package main

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// lineWaiter sends a signal at the first line with a text.
type lineWaiter struct {
	seen bytes.Buffer
	text string
	do   func()
}

func (w *lineWaiter) Write(p []byte) (int, error) {
	w.seen.Write(p)
	if w.do != nil && strings.Contains(w.seen.String(), w.text) {
		w.do()
		w.do = nil
	}
	return len(p), nil
}

// unread is a pipe whose reader has gone.
func unread(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	t.Cleanup(func() { w.Close() })
	return w
}

// Nobody reads what is printed, on either stream: the run goes on to its end all the same.
func TestReadersGoAway(t *testing.T) {
	dir := t.TempDir()
	for name, attach := range map[string]func(*exec.Cmd){
		"out":  func(c *exec.Cmd) { c.Stdout = unread(t) },
		"log":  func(c *exec.Cmd) { c.Stderr = unread(t) },
		"both": func(c *exec.Cmd) { c.Stdout, c.Stderr = unread(t), unread(t) },
	} {
		c := program(t, dir, "train --quick --size 8 --width 2 --epochs 3 --out "+name)
		attach(c)
		require.NoError(t, c.Run(), name)
		require.FileExists(t, filepath.Join(dir, name, "report.json"), name)
		require.FileExists(t, filepath.Join(dir, name, "model.safetensors"), name)
	}
	c := program(t, dir, "compare --methods none --with out,log --show training.seed --json all.json") // the same run twice
	require.Error(t, c.Run())
	c = program(t, dir, "compare --methods none --with out --json all.json")
	c.Stdout = unread(t)
	require.NoError(t, c.Run())
	require.FileExists(t, filepath.Join(dir, "all.json"))
	for _, words := range []string{"methods", "--help", "train --help", "version", "evaluate out", "completion bash"} {
		c = program(t, dir, words)
		c.Stdout = unread(t)
		require.NoError(t, c.Run(), words)
	}
}

// What cannot be printed is a failure, and nothing that was written to files is lost by it.
func TestOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	dir := t.TempDir()
	for _, words := range []string{"train --quick --size 8 --width 2 --epochs 3 --out run", "evaluate run", "evaluate run --json",
		"compare --methods none --with run --json all.json", "compare --methods none --with run --json -", "methods", "--help", "version", "completion bash"} {
		var log bytes.Buffer
		c := program(t, dir, words)
		c.Stdout, c.Stderr = full, &log
		require.Error(t, c.Run(), words)
		require.Equal(t, failed, c.ProcessState.ExitCode(), words)
		require.Contains(t, log.String(), "no space left on device", words)
	}
	for _, name := range []string{"run/report.json", "run/model.safetensors", "all.json"} {
		require.FileExists(t, filepath.Join(dir, name))
	}
	c := program(t, dir, "train --quick --size 8 --width 2 --epochs 3 --out quiet")
	c.Stderr = full
	require.NoError(t, c.Run(), "how a run goes need not be written")
}

// A terminal that is closed saves the run as SIGTERM does, however often it says so; under nohup the run goes on.
func TestTheTerminalGoesAway(t *testing.T) {
	dir := t.TempDir()
	own := make(chan os.Signal, 1) // a process begins with the signal as it is outside if this one catches it
	signal.Notify(own, syscall.SIGHUP)
	defer signal.Stop(own)
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		c := program(t, dir, "train --quick --size 8 --width 2 --epochs 3000 --out "+s.String())
		c.Stdout = unread(t)
		log := &lineWaiter{text: "epoch 2/3000  lr", do: func() {
			for range 3 {
				_ = c.Process.Signal(s)
				if s != syscall.SIGHUP {
					return
				}
			}
		}}
		c.Stderr = log
		require.Error(t, c.Run())
		require.Equal(t, stopped, c.ProcessState.ExitCode(), "%v: %s", s, log.seen.String())
		require.NoFileExists(t, filepath.Join(dir, s.String(), "lock"))
	}
	path, err := built()
	require.NoError(t, err)
	c := exec.Command("sh", "-c", `trap "" HUP; exec "$@"`, "sh", path, "train", "--quick", "--size", "8", "--width", "2", "--epochs", "20", "--out", "nohup")
	c.Dir = dir
	c.Stderr = &lineWaiter{text: "epoch 2/20  lr", do: func() { _ = c.Process.Signal(syscall.SIGHUP) }}
	require.NoError(t, c.Run())
	require.FileExists(t, filepath.Join(dir, "nohup", "report.json"))
}
