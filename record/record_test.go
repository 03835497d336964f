package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/record"
)

// recorders returns one of each kind.
func recorders(t *testing.T) map[string]record.Recorder {
	c, err := record.CreateCSV(filepath.Join(t.TempDir(), "run.csv"))
	require.NoError(t, err)
	b, err := record.CreateTensorBoard(t.TempDir())
	require.NoError(t, err)
	return map[string]record.Recorder{"csv": c, "tensorboard": b, "slog": record.NewSlog(slog.New(slog.DiscardHandler)),
		"multi": record.Multi(record.NewSlog(slog.New(slog.DiscardHandler)))}
}

func TestWhatCannotBeRecordedIsRefusedAndKeptForClose(t *testing.T) {
	for name, r := range recorders(t) {
		for want, err := range map[string]error{
			`record: step -1 of "loss": steps count from 0`:         r.Scalar(-1, "loss", 1),
			"record: a name is empty: give each series one":         r.Scalar(0, "", 1),
			`record: "a\xff" at step 2: "a\xff" is not valid UTF-8`: r.Scalar(2, "a\xff", 1),
			`record: "note" at step 2: "\xff" is not valid UTF-8`:   r.Text(2, "note", "\xff"),
			`record: step -2 of "settings": steps count from 0`:     r.Settings(-2, nil),
			`record: "lr" at step 3: "\xc0" is not valid UTF-8`:     r.Settings(3, map[string]string{"lr": "\xc0", "z": "\xff"}),
		} {
			require.EqualError(t, err, want, name)
		}
		require.NoError(t, r.Scalar(3, "loss", 1), "%s goes on", name)
		first := r.Close()
		require.Error(t, first, name)
		require.ErrorContains(t, first, "record: ", name)
		require.Equal(t, first, r.Close(), "%s: the same again", name)
		require.ErrorContains(t, r.Scalar(4, "loss", 1), "closed: nothing more can be recorded in it", name)
	}
}

func TestRecordersTakeConcurrentCallers(t *testing.T) {
	path, dir := filepath.Join(t.TempDir(), "run.csv"), t.TempDir()
	c, err := record.CreateCSV(path)
	require.NoError(t, err)
	b, err := record.CreateTensorBoard(dir)
	require.NoError(t, err)
	m := record.Multi(c, b)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for step := range 50 {
				if err := m.Scalar(step, fmt.Sprint("worker/", worker), 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, m.Close())
	require.Len(t, rows(t, path), 200)
	require.Len(t, shown(t, dir), 200)
}

func TestSlog(t *testing.T) {
	var out bytes.Buffer
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	r := record.NewSlog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime})).With("run", 7))
	require.NoError(t, r.Settings(0, map[string]string{"lr": "0.5", "batch": "128"}))
	require.NoError(t, r.Scalar(3, "loss", 0.25))
	require.NoError(t, r.Text(4, "note", "a tail"))
	require.NoError(t, r.Flush())
	require.NoError(t, r.Close())
	require.Equal(t, `level=INFO msg=settings run=7 step=0 values.batch=128 values.lr=0.5
level=INFO msg=scalar run=7 step=3 name=loss value=0.25
level=INFO msg=text run=7 step=4 name=note text="a tail"
`, out.String())
}

// full is a handler that cannot write.
type full struct{ slog.Handler }

func (full) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

func (full) Handle(context.Context, slog.Record) error { return errors.New("no space left") }

func TestSlogReportsWhatItsHandlerCannotWrite(t *testing.T) {
	r := record.NewSlog(slog.New(full{slog.DiscardHandler}))
	require.EqualError(t, r.Scalar(0, "loss", 1), "record: logging: no space left")
	require.EqualError(t, r.Close(), "record: logging: no space left")
}

func TestMultiGoesOnPastARecorderThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.csv")
	c, err := record.CreateCSV(path)
	require.NoError(t, err)
	broken := record.NewSlog(slog.New(full{slog.DiscardHandler}))
	list := []record.Recorder{broken, c, broken}
	m := record.Multi(list...)
	list[1] = nil // the recorder keeps a copy
	require.EqualError(t, m.Scalar(1, "loss", 2), "record: logging: no space left\nrecord: logging: no space left")
	require.Error(t, m.Text(1, "note", "x"))
	require.Error(t, m.Settings(1, map[string]string{"a": "b"}))
	require.NoError(t, m.Flush())
	require.Error(t, m.Close())
	require.Equal(t, []string{"1 loss 2", "1 note x", "1 settings/a b"}, rows(t, path))

	nothing := record.Multi()
	require.NoError(t, nothing.Scalar(1, "loss", 2))
	require.NoError(t, nothing.Close())
}
