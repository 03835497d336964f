//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test's own program be cifarlt, so that a real process can be stopped and killed.
func TestMain(m *testing.M) {
	if os.Getenv("CIFARLT_AS_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program starts cifarlt as a process of its own.
func program(t *testing.T, args []string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), "CIFARLT_AS_PROGRAM=1")
	return c
}

// interrupt starts a program and sends it a signal each time a line of its log has one of the texts. It returns the log.
func interrupt(t *testing.T, args []string, texts ...string) (log string, state *os.ProcessState) {
	t.Helper()
	c := program(t, args)
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		log += lines.Text() + "\n"
		if len(texts) > 0 && strings.Contains(lines.Text(), texts[0]) {
			texts = texts[1:]
			require.NoError(t, c.Process.Signal(os.Interrupt))
		}
	}
	_ = c.Wait()
	require.Empty(t, texts, "log:\n%s", log)
	return log, c.ProcessState
}

func TestCtrlCSavesAndExits(t *testing.T) {
	data, out := classFolders(t), t.TempDir()
	args := small(data, out, "-resume", "-epochs", "1000")
	log, state := interrupt(t, args, "epoch 2/1000  lr")
	require.Equal(t, 130, state.ExitCode(), log)
	require.Contains(t, log, "stopping after this step; once more to stop at once\n")
	require.Contains(t, log, "context canceled: interrupt signal received (saved in "+filepath.Join(out, "checkpoints", "epoch-"))
	c, damaged, err := checkpoint.Store{Dir: filepath.Join(out, "checkpoints")}.Newest()
	require.NoError(t, err)
	require.Empty(t, damaged)
	require.GreaterOrEqual(t, c.Run.Epoch, 2)
	_, err = os.Stat(filepath.Join(out, "report.json"))
	require.NoError(t, err)

	log, _ = interrupt(t, args, "/1000  lr") // goes on
	require.NotContains(t, log, "epoch 1/1000")
	require.NotContains(t, log, "epoch 2/1000")
}

func TestASecondCtrlCStopsAtOnce(t *testing.T) {
	out := t.TempDir()
	// A step takes a second or more.
	args := []string{"-data", classFolders(t), "-imbalance", "8", "-depth", "56", "-width", "32", "-batch", "59", "-epochs", "3", "-out", out}
	c := program(t, args)
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.Contains(lines.Text(), "on ResNet-56") { // training begins
			break
		}
	}
	time.Sleep(300 * time.Millisecond)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	line, err := bufio.NewReader(pipe).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "stopping after this step; once more to stop at once\n", line)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	_ = c.Wait()
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, status.Signaled() && status.Signal() == syscall.SIGINT, c.ProcessState)
}
