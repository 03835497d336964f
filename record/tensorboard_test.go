package record_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/record"
)

func eventFiles(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	slices.Sort(files)
	return files
}

func TestTensorBoardIsReadBack(t *testing.T) {
	require.Equal(t, uint32(0xe3069283), crc32c([]byte("123456789")), "the reader's checksum, by its published check value")
	dir := filepath.Join(t.TempDir(), "logs", "run")
	b, err := record.CreateTensorBoard(dir)
	require.NoError(t, err)
	require.NoError(t, b.Settings(0, map[string]string{"method": "hybrid-sc", "batch": "128", "lr": "5e-1", "ratio": "NaN"}))
	require.NoError(t, b.Scalar(0, "loss/sc", 5.25))
	require.NoError(t, b.Scalar(1, "loss/sc", math.Inf(1)))
	require.NoError(t, b.Scalar(1, "λ", math.NaN()))
	require.NoError(t, b.Text(300, "notes", "a *long*\ntail"))
	require.NoError(t, b.Scalar(math.MaxInt, "late", -1e-3))
	require.NoError(t, b.Flush())
	want := []string{"0 batch = 128", "0 lr = 0.5", `0 method = "hybrid-sc"`, `0 ratio = "NaN"`, "0 loss/sc 5.25", "1 loss/sc +Inf", "1 λ NaN",
		`300 notes "a *long*\ntail"`, fmt.Sprint(math.MaxInt, " late -0.001")}
	require.Equal(t, want, shown(t, dir), "before Close too")
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	require.Equal(t, want, shown(t, dir))
}

// The beginning of an event file of TensorFlow itself: 24 bytes, and the checksum of that length.
func TestTheFirstRecordIsTensorFlows(t *testing.T) {
	dir := t.TempDir()
	b, err := record.CreateTensorBoard(dir)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	raw, err := os.ReadFile(eventFiles(t, dir)[0])
	require.NoError(t, err)
	require.Equal(t, "1800000000000000a37f4b2209", hex.EncodeToString(raw[:13]))
	require.Equal(t, "\x1a\rbrain.Event:2", string(raw[21:36]))
}

func TestTensorBoardResumes(t *testing.T) {
	dir := t.TempDir()
	began := time.Now().Unix()
	for part := range 3 { // within one second
		b, err := record.ResumeTensorBoard(dir, 2*part)
		require.NoError(t, err)
		for step := 2 * part; step < 2*part+4; step++ {
			require.NoError(t, b.Scalar(step, "loss", float64(100*part+step)))
		}
		require.NoError(t, b.Close())
	}
	require.Equal(t, []string{"0 loss 0", "1 loss 1", "2 loss 102", "3 loss 103", "4 loss 204", "5 loss 205", "6 loss 206", "7 loss 207"}, shown(t, dir))
	files := eventFiles(t, dir)
	require.Len(t, files, 3)
	require.GreaterOrEqual(t, filepath.Base(files[0]), fmt.Sprintf("events.out.tfevents.%010d.longtail", began))
}

// The clock of the machine that goes on may be behind, the process before it may have died within a record.
func TestTensorBoardResumesAfterALaterTruncatedFile(t *testing.T) {
	dir := t.TempDir()
	b, err := record.CreateTensorBoard(dir)
	require.NoError(t, err)
	require.NoError(t, b.Scalar(0, "loss", 1))
	require.NoError(t, b.Scalar(1, "loss", 2))
	require.NoError(t, b.Close())
	raw, err := os.ReadFile(eventFiles(t, dir)[0])
	require.NoError(t, err)
	require.NoError(t, os.Remove(eventFiles(t, dir)[0]))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "events.out.tfevents.4000000000.elsewhere"), raw[:len(raw)-3], 0o666))

	b, err = record.ResumeTensorBoard(dir, 1)
	require.NoError(t, err)
	require.NoError(t, b.Scalar(1, "loss", 3))
	require.NoError(t, b.Close())
	require.Equal(t, []string{"0 loss 1", "1 loss 3"}, shown(t, dir))
	require.Equal(t, filepath.Join(dir, "events.out.tfevents.4000000001.longtail"), eventFiles(t, dir)[1])
}

func TestTensorBoardErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := record.ResumeTensorBoard(dir, -1)
	require.EqualError(t, err, fmt.Sprintf("record: resuming %s at step -1: steps count from 0", dir))
	require.Empty(t, eventFiles(t, dir))
	b, err := record.CreateTensorBoard(dir)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	_, err = record.CreateTensorBoard(dir)
	require.EqualError(t, err, fmt.Sprintf("record: %s has event files already: go on with them by ResumeTensorBoard, or choose another folder", dir))
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	_, err = record.CreateTensorBoard(path)
	require.ErrorContains(t, err, "record: ")
	_, err = record.ResumeTensorBoard(path, 0)
	require.ErrorContains(t, err, path)
}
