package experiment

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A finished run goes further where that is asked for, in a comparison too, and its files say from which step on.
func TestAFinishedRunGoesFurther(t *testing.T) {
	dir := t.TempDir()
	do(t, newRun(t, tiny(), "ce", dir))
	longer := tiny(func(s *Settings) { s.Epochs = 8 })
	_, err := newRun(t, longer, "ce", dir).Do(context.Background())
	require.ErrorContains(t, err, "\n  training.epochs: 6, 8")
	require.ErrorContains(t, err, "Override.Epochs would let it go on")

	r := newRun(t, longer, "ce", dir)
	r.Override.Epochs = true
	ctx, cancel := context.WithCancel(context.Background())
	r.Trainer.OnStep = func(s train.StepReport) error {
		if s.At.Epoch == 7 {
			cancel()
		}
		return nil
	}
	_, err = r.Do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	report := do(t, newRun(t, longer, "ce", dir)) // it is no other run any more
	require.Len(t, report.History, 8)
	require.Len(t, report.Manifest.NotBitForBit, 1)
	require.Equal(t, report.History[0].Steps*6, report.Manifest.NotBitForBit[0].Step)
	was, err := readManifest(dir)
	require.NoError(t, err)
	require.Equal(t, report.Manifest, *was)
	var text = &writer{}
	require.NoError(t, report.Write(text))
	require.Contains(t, string(*text), "not bit for bit from step")

	all := t.TempDir()
	c := Comparison{Settings: tiny(), Methods: presets("ce"), Seeds: []uint64{1}, Dir: all, Resume: true}
	p := plan(t, c)
	for r, err := range p.Runs(context.Background()) {
		require.NoError(t, err)
		do(t, r)
	}
	c.Settings = longer
	_, err = c.Plan()
	require.ErrorContains(t, err, "Override.Epochs would let it go on")
	c.Override = manifest.Override{Epochs: true}
	require.Len(t, plan(t, c).Todo, 1)
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) { *w = append(*w, p...); return len(p), nil }

// A file that is another, of another size, is told of by runs that go on, by comparisons and by evaluations.
func TestOtherImagesAreNoticed(t *testing.T) {
	data, dir := folders(t, 8, map[string][]int{"train": {30, 20}, "test": {4, 4}}), t.TempDir()
	s := tiny(func(s *Settings) {
		s.Data, s.Size, s.Imbalance, s.Batch, s.Epochs, s.Groups = data, 8, 0, 12, 1, "counts"
	})
	r := newRun(t, s, "ce", dir)
	first := do(t, r)
	require.Regexp(t, "^names, sizes, 45 images: ", first.Manifest.Data.TrainContent)

	exchange := func(part string) {
		files, err := filepath.Glob(filepath.Join(data, part, "*", "*"))
		require.NoError(t, err)
		a, b := files[1], files[2]
		require.Equal(t, filepath.Dir(a), filepath.Dir(b))
		require.NoError(t, os.Rename(a, a+"x"))
		require.NoError(t, os.Rename(b, a))
		require.NoError(t, os.Rename(a+"x", b))
	}
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, d.CheckTest(dir))
	require.NoError(t, d.CheckTest(t.TempDir()), "no manifest")
	exchange("train")
	_, err = newRun(t, s, "ce", dir).Do(context.Background())
	require.ErrorContains(t, err, "data.train_content: ")
	other := do(t, newRun(t, s, "focal", t.TempDir()))
	require.ErrorContains(t, Comparable([]Report{*first, *other}, nil, true), "data.train_content: ")
	exchange("train")

	exchange("test")
	d, err = s.Open(t.Context(), 1)
	require.NoError(t, err)
	require.ErrorContains(t, d.CheckTest(dir), "data.test_content: ")
	require.ErrorContains(t, d.CheckTest(dir), dir)
}
