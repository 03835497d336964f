package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mpirun is a command line on several ranks, whose output goes to log.
func mpirun(t *testing.T, dir, ranks, words string, log *lineWaiter) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("there is no mpirun: install openmpi-bin and libopenmpi3")
	}
	if testing.Short() {
		t.Skip("starts mpirun")
	}
	one := program(t, dir, words)
	c := exec.Command(path, append([]string{"--oversubscribe", "-n", ranks, one.Path}, one.Args[1:]...)...)
	c.Dir, c.Stdout, c.Stderr = dir, log, log
	c.Env = append(os.Environ(), "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
	c.WaitDelay = 5 * time.Second
	return c
}

// lastRank sends a signal to the last of the ranks that mpirun has started.
func lastRank(mpirun *exec.Cmd, s syscall.Signal) {
	pid, last := mpirun.Process.Pid, 0
	ranks, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // in their order
	for _, text := range strings.Fields(string(ranks)) {
		last, _ = strconv.Atoi(text)
	}
	if last > 0 { // 0 is all processes
		_ = syscall.Kill(last, s)
	}
}

// Two ranks train until one is told to stop: both do at the same step, and the run is saved once. It goes on with three, until Ctrl-C
// at mpirun.
func TestTrainOnSeveralRanks(t *testing.T) {
	dir := t.TempDir()
	log := &lineWaiter{text: "epoch 2/9000"}
	c := mpirun(t, dir, "2", "train --quick --size 8 --width 2 --epochs 9000 --out run", log)
	log.do = func() { lastRank(c, syscall.SIGTERM) }
	require.Error(t, c.Run())
	text := log.seen.String()
	require.Contains(t, text, "2 ranks train together")
	require.Equal(t, 1, strings.Count(text, "longtail train --resume --out run goes on"), text)
	require.Contains(t, text, "rank 1: ")
	require.Contains(t, text, "saved in run")
	require.Contains(t, read(t, dir, "run", "manifest.json"), `"ranks": 2`)

	log = &lineWaiter{text: "images/s  test"}
	c = mpirun(t, dir, "3", "train --resume --out run --every 1", log)
	log.do = func() { _ = c.Process.Signal(os.Interrupt) }
	require.Error(t, c.Run())
	saved, err := filepath.Glob(filepath.Join(dir, "run", "checkpoints", "epoch-*"))
	require.NoError(t, err)
	require.NotEmpty(t, saved)
	require.Contains(t, read(t, saved[len(saved)-1], "manifest.json"), `"training.ranks: 2, 3"`, log.seen.String())
}

// A rank that is killed ends the job within seconds: mpirun names it, and rank 0 the newest checkpoint.
func TestKilledRank(t *testing.T) {
	dir := t.TempDir()
	log := &lineWaiter{text: "epoch 2/9000"}
	c := mpirun(t, dir, "2", "train --quick --size 8 --width 2 --epochs 9000 --out run", log)
	c.Env = append(c.Env, "OMPI_MCA_odls_base_sigkill_timeout=3") // seconds that the others have, which are 1, on a busy machine
	var killed time.Time
	log.do = func() {
		killed = time.Now()
		lastRank(c, syscall.SIGKILL)
	}
	require.Error(t, c.Run())
	require.Less(t, time.Since(killed), 20*time.Second)
	text := log.seen.String()
	require.Contains(t, text, "process rank 1", text)
	require.Contains(t, text, "newest checkpoint so far is run", text)
}

func TestSettingsOfRanks(t *testing.T) {
	fail(t, usage, "--rank-timeout", "train --quick --rank-timeout=-1s")
	t.Setenv("OMPI_COMM_WORLD_SIZE", "2")
	fail(t, usage, "only longtail train", "methods")
}
