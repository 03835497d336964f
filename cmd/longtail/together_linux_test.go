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

// signalRank sends a signal to one of the ranks that mpirun has started.
func signalRank(mpirun *exec.Cmd, rank int, s syscall.Signal) {
	pid := mpirun.Process.Pid
	ranks, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // in their order
	if all := strings.Fields(string(ranks)); rank < len(all) {
		if process, _ := strconv.Atoi(all[rank]); process > 0 { // 0 is all processes
			_ = syscall.Kill(process, s)
		}
	}
}

// Two ranks train until one is told to stop: both do at the same step, and the run is saved once. It goes on with three, until Ctrl-C
// at mpirun.
func TestTrainOnSeveralRanks(t *testing.T) {
	dir := t.TempDir()
	log := &lineWaiter{text: "epoch 2/9000"}
	c := mpirun(t, dir, "2", "train --quick --size 8 --width 2 --epochs 9000 --out run", log)
	log.do = func() { signalRank(c, 1, syscall.SIGTERM) }
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

// A rank that is killed ends the job within seconds: another names it and the newest checkpoint.
func TestKilledRank(t *testing.T) {
	for _, rank := range []int{0, 1} {
		t.Run(fmt.Sprint("rank ", rank), func(t *testing.T) { killRank(t, rank) })
	}
}

func killRank(t *testing.T, rank int) {
	dir := t.TempDir()
	log := &lineWaiter{text: "epoch 2/9000"}
	c := mpirun(t, dir, "2", "train --quick --size 8 --width 2 --epochs 9000 --out run", log)
	c.Env = append(c.Env, "OMPI_MCA_odls_base_sigkill_timeout=3") // seconds that the others have, which are 1, on a busy machine
	var killed time.Time
	log.do = func() {
		killed = time.Now()
		signalRank(c, rank, syscall.SIGKILL)
	}
	require.Error(t, c.Run())
	require.Less(t, time.Since(killed), 20*time.Second)
	text := log.seen.String()
	require.Contains(t, text, fmt.Sprint("process rank ", rank), text)
	require.Regexp(t, fmt.Sprintf(`rank %d on \S+ has died; the newest checkpoint so far is run`, rank), text)
}

func TestSettingsOfRanks(t *testing.T) {
	fail(t, usage, "--rank-timeout", "train --quick --rank-timeout=-1s")
	t.Setenv("OMPI_COMM_WORLD_SIZE", "2")
	fail(t, usage, "only longtail train", "methods")
}

// srun sets other variables than mpirun.
func TestRanksOfSlurm(t *testing.T) {
	for _, name := range []string{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"} {
		t.Setenv(name, "")
	}
	t.Setenv("PMIX_RANK", "1")
	t.Setenv("SLURM_STEP_NUM_TASKS", "1")
	succeed(t, "methods")
	t.Setenv("SLURM_STEP_NUM_TASKS", "3")
	fail(t, usage, "3 processes of longtail methods", "methods")
	rank, _ := started()
	require.Equal(t, "1", rank)
}
