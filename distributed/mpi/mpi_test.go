package mpi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/distributed/mpi"
)

// TestMain is what the processes that mpirun starts do: the program that LONGTAIL_MPI_TEST names.
func TestMain(m *testing.M) {
	name := os.Getenv("LONGTAIL_MPI_TEST")
	if name == "" {
		os.Exit(m.Run())
	}
	if err := programs[name](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// mpirun starts a program on so many ranks, and on those of more, and returns what they wrote.
func mpirun(t *testing.T, ranks int, program string, more ...string) (string, error) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("package mpi is for linux on amd64 and arm64")
	}
	path, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("there is no mpirun: install openmpi-bin and libopenmpi3")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, append([]string{"-n", strconv.Itoa(ranks), "--oversubscribe", os.Args[0]}, more...)...)
	command.Env = append(os.Environ(), "LONGTAIL_MPI_TEST="+program, "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
	command.WaitDelay = time.Second
	out := &bytes.Buffer{}
	command.Stdout, command.Stderr = out, out
	err = command.Run()
	return out.String(), errors.Join(err, ctx.Err())
}

var programs = map[string]func() error{
	"sums": sums, "mismatch": mismatch, "hang": hang, "exit": exit, "signals": signals,
}

func TestSums(t *testing.T) {
	for _, ranks := range []int{2, 4} {
		out, err := mpirun(t, ranks, "sums")
		require.NoError(t, err, out)
		require.Contains(t, out, fmt.Sprintf("%d ranks agree", ranks))
	}
}

func values(n, rank int) []float32 {
	x := make([]float32, n)
	h := uint32(rank + 1)
	for i := range x {
		h = h*1664525 + 1013904223
		x[i] = float32(int32(h)) / float32(int(1)<<(h>>27))
	}
	return x
}

func sums() error {
	c, err := mpi.Open(mpi.Settings{})
	if err != nil {
		return err
	}
	if _, err := mpi.Open(mpi.Settings{}); err == nil {
		return errors.New("a second Open gives no error")
	}
	for _, n := range []int{0, 1, 3, 1000, 1 << 17} {
		for range 5 {
			x, want := values(n, c.Rank()), values(n, 0)
			for r := 1; r < c.Size(); r++ {
				for i, v := range values(n, r) {
					want[i] += v
				}
			}
			if err := distributed.AllReduce(c, x); err != nil {
				return err
			}
			for i := range x {
				if x[i] != want[i] {
					return fmt.Errorf("rank %d: sum %d of %d is %v, want %v", c.Rank(), i, n, x[i], want[i])
				}
			}
			x = nil
			runtime.GC()
			if n > 1000 {
				break
			}
		}
	}
	all, err := distributed.Gather(c, bytes.Repeat([]byte{byte(c.Rank())}, 100*c.Rank()))
	if err != nil {
		return err
	}
	for r, x := range all {
		if len(x) != 100*r || len(x) > 0 && x[99] != byte(r) {
			return fmt.Errorf("rank %d has %d bytes of rank %d", c.Rank(), len(x), r)
		}
	}
	text, err := distributed.Send(c, fmt.Appendf(nil, "%d ranks agree", c.Rank()+c.Size()), 0)
	if err != nil {
		return err
	}
	if c.Rank() == c.Size()-1 {
		fmt.Println(string(text))
	}
	if err := c.Barrier(); err != nil {
		return err
	}
	return c.Close()
}

func TestRanksThatDifferAreErrors(t *testing.T) {
	out, err := mpirun(t, 2, "mismatch")
	require.Error(t, err)
	require.Contains(t, out, "expects")
	require.Contains(t, out, "rank 1 ")
}

func mismatch() error {
	c, err := mpi.Open(mpi.Settings{})
	if err != nil {
		return err
	}
	return distributed.AllReduce(c, make([]float32, 4-2*c.Rank()))
}

func TestWatchdogNamesTheRankThatHangs(t *testing.T) {
	out, err := mpirun(t, 3, "hang")
	require.Error(t, err)
	require.Contains(t, out, "rank 1 on ")
	require.NotContains(t, out, "rank 2 on ")
	require.Contains(t, out, "Settings.Timeout")
}

func hang() error {
	c, err := mpi.Open(mpi.Settings{Timeout: 300 * time.Millisecond})
	if err != nil {
		return err
	}
	if c.Rank() == 1 {
		time.Sleep(time.Minute)
	}
	return c.Barrier()
}

// A rank that exits without Close ends the job, whatever the others do.
func TestExitEndsTheJob(t *testing.T) {
	begun := time.Now()
	out, err := mpirun(t, 2, "exit")
	require.Error(t, err)
	require.Contains(t, out, "rank 1 gives up")
	require.Less(t, time.Since(begun), 20*time.Second)
}

func exit() error {
	c, err := mpi.Open(mpi.Settings{})
	if err != nil {
		return err
	}
	if c.Rank() == 1 {
		return errors.New("rank 1 gives up")
	}
	return c.Barrier()
}

// MPI leaves Go its signals: a nil pointer is a panic, as ever.
func TestGoKeepsItsSignals(t *testing.T) {
	out, err := mpirun(t, 2, "signals")
	require.NoError(t, err, out)
	require.Contains(t, out, "recovered")
}

func signals() error {
	c, err := mpi.Open(mpi.Settings{})
	if err != nil {
		return err
	}
	func() {
		defer func() { fmt.Println("recovered", recover() != nil) }()
		var p *int
		*p = c.Rank()
	}()
	return c.Close()
}

func TestOpenWithoutMPI(t *testing.T) {
	c, err := mpi.Open(mpi.Settings{Library: "libnothing.so"})
	require.NoError(t, err, "no job: nothing is loaded")
	require.Equal(t, 1, c.Size())
	require.False(t, mpi.Launched())

	t.Setenv("OMPI_COMM_WORLD_SIZE", "2")
	_, err = mpi.Open(mpi.Settings{Library: "libnothing.so"})
	if runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		require.ErrorContains(t, err, "libnothing.so")
		require.ErrorContains(t, err, "libopenmpi3")
		_, err = mpi.Open(mpi.Settings{Library: "libc.so.6"})
		require.ErrorContains(t, err, "MPI_Init_thread")
	}
	_, err = mpi.Open(mpi.Settings{Timeout: -1})
	require.ErrorContains(t, err, "Timeout")
}
