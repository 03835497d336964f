package lock

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test program holds a lock until its input ends, when it is asked to.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LOCK_TEST_HOLD"); dir != "" {
		if _, err := Folder(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTheSecondIsToldWhoHoldsIt(t *testing.T) {
	dir := t.TempDir()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "LOCK_TEST_HOLD="+dir)
	in, err := c.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)

	var held *InUseError
	require.ErrorAs(t, FolderInUse(dir), &held)
	require.Equal(t, c.Process.Pid, held.PID)
	_, err = Folder(dir)
	require.ErrorAs(t, err, &held)
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, c.Process.Pid, held.PID)
	require.Equal(t, host, held.Host)
	require.WithinDuration(t, time.Now(), held.Since, time.Minute)
	for _, part := range []string{dir, fmt.Sprint(held.PID), host, held.Since.Local().Format(time.DateTime), filepath.Join(dir, "lock")} {
		require.ErrorContains(t, held, part)
	}

	require.NoError(t, c.Process.Kill())
	require.Error(t, c.Wait())
	require.FileExists(t, filepath.Join(dir, "lock"), "a killed process leaves it")
	require.NoError(t, FolderInUse(dir), "but nobody has it")
	l, err := Folder(dir)
	require.NoError(t, err, "but it is stale")
	_, err = Folder(dir)
	require.ErrorAs(t, err, &held)
	require.Equal(t, os.Getpid(), held.PID, "the same process has no second one")
	l.Release()
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, all)
}

// Without the system's help, the process that the file names counts.
func TestLocksWithoutTheSystem(t *testing.T) {
	none := func(*os.File) (bool, error) { return false, errUnsupported }
	path := filepath.Join(t.TempDir(), "lock")
	host, err := os.Hostname()
	require.NoError(t, err)
	gone := exec.Command(os.Args[0], "-test.run=^$")
	require.NoError(t, gone.Run())
	for text, held := range map[string]bool{
		"":      false,
		"noise": false,
		fmt.Sprintf(`{"pid":%d,"host":%q}`, os.Getpid(), host):      true,
		fmt.Sprintf(`{"pid":%d,"host":%q}`, gone.Process.Pid, host): false,
		fmt.Sprintf(`{"pid":%d,"host":"elsewhere"}`, os.Getpid()):   true, // cannot be told
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		l, err := acquire(path, "it", none)
		require.Equal(t, held, errors.As(err, new(*InUseError)), text)
		require.Equal(t, held, l == nil, text)
		l.Release()
	}
}

// However many try, one at a time has it.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	var inside, times atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for times.Load() < 200 {
				l, err := Folder(dir)
				if errors.As(err, new(*InUseError)) {
					continue
				}
				if err != nil || inside.Add(1) != 1 {
					t.Error("two have it, or ", err)
				}
				times.Add(1)
				inside.Add(-1)
				l.Release()
			}
		})
	}
	all.Wait()
}

func TestLocksOfNothing(t *testing.T) {
	_, err := Folder(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	var l *Lock
	l.Release()
}

func TestLocksThatCannotBeTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	broken := errors.New("broken")
	_, err := acquire(path, "it", func(*os.File) (bool, error) { return false, broken })
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "it")
	// Others take it and give it back, again and again.
	_, err = acquire(path, "it", func(*os.File) (bool, error) { return true, os.Remove(path) })
	require.ErrorAs(t, err, new(*InUseError))
	require.ErrorContains(t, err, "it is in use by another process")
}

// To ask writes nothing, and one who asks does not keep another from taking it.
func TestAskingTakesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	require.NoError(t, FolderInUse(dir))
	require.NoFileExists(t, path)
	require.NoError(t, os.WriteFile(path, []byte("left"), 0o666))
	require.NoError(t, FolderInUse(dir))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "left", string(text))

	asked := false
	l, err := acquire(path, "it", func(to *os.File) (bool, error) {
		if !asked {
			asked = true
			return false, nil // as while another asks
		}
		return flock(to)
	})
	require.NoError(t, err)
	l.Release()
	none := func(*os.File) (bool, error) { return false, errUnsupported }
	host, err := os.Hostname()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `{"pid":%d,"host":%q}`, os.Getpid(), host), 0o666))
	require.ErrorAs(t, inUse(path, "it", none), new(*InUseError))
}
