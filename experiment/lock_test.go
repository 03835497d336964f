package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// While a run is at work nobody else begins it or goes on with it, and what a killed process left is removed.
func TestOneProcessUsesAFolder(t *testing.T) {
	dir := t.TempDir()
	left := []string{filepath.Join(dir, "report.json.tmp-ABCDEFGH"), filepath.Join(dir, "steps.csv.tmp-ABCDEFGH")}
	for _, name := range append(left, filepath.Join(dir, "lock")) { // and its lock, which nobody holds
		require.NoError(t, os.WriteFile(name, []byte(`{"pid": 1, "host": "elsewhere"}`), 0o666))
	}
	r := newRun(t, tiny(), "ce", dir)
	tried := 0
	r.Trainer.OnStep = func(train.StepReport) error {
		if tried++; tried > 1 {
			return nil
		}
		_, err := newRun(t, tiny(), "ce", dir).Do(context.Background())
		var held *checkpoint.InUseError
		require.ErrorAs(t, err, &held)
		require.ErrorContains(t, err, fmt.Sprintf("%s is in use by process %d", dir, os.Getpid()))
		other := newRun(t, tiny(), "ce", "").Trainer // of the checkpoints alone
		other.Checkpoints.Dir, other.Checkpoints.Resume = filepath.Join(dir, checkpoints), true
		n := newRun(t, tiny(), "ce", "")
		_, err = other.Fit(context.Background(), n.Network, n.Train, n.Test)
		require.ErrorAs(t, err, &held)
		return nil
	}
	do(t, r)
	require.Less(t, 1, tried)
	for _, name := range append(left, filepath.Join(dir, "lock"), filepath.Join(dir, checkpoints, "lock")) {
		require.NoFileExists(t, name)
	}
	release, err := Lock(dir)
	require.NoError(t, err)
	defer release()
	do(t, newRun(t, tiny(), "ce", dir)) // a run that is done is only read
}

func TestOneProcessUsesAFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f.json"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(path+".tmp-ABCDEFGH", nil, 0o666))
	if err := os.Symlink("f.json", link); err != nil {
		link = path
	}
	release, err := LockFile(link)
	require.NoError(t, err)
	require.NoFileExists(t, path+".tmp-ABCDEFGH")
	_, err = LockFile(path)
	require.ErrorAs(t, err, new(*checkpoint.InUseError))
	release()
	require.NoFileExists(t, path+".lock")
	_, err = LockFile(dir)
	require.ErrorContains(t, err, "is a folder")
}

func TestInUseTakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, InUse(dir))
	require.NoDirExists(t, dir)
	release, err := Lock(dir)
	require.NoError(t, err)
	require.ErrorAs(t, InUse(dir), new(*checkpoint.InUseError))
	release()
	require.NoError(t, InUse(dir))
	for _, name := range []string{"lock", "steps.csv.tmp-ABCDEFGH"} { // of a killed process
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
	}
	require.NoError(t, InUse(dir))
	require.FileExists(t, filepath.Join(dir, "lock"))
	require.FileExists(t, filepath.Join(dir, "steps.csv.tmp-ABCDEFGH"))
	release, err = Lock(dir)
	require.NoError(t, err)
	release()
}
