package experiment

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// The budget of a method that trains its teacher is that of all others, the teacher's part of it counted.
func TestATeacherIsPaidForByTheBudget(t *testing.T) {
	dir := t.TempDir()
	s := tiny()
	r := newRun(t, s, "dive", dir)
	require.Equal(t, 2, r.Trainer.Epochs, "a third of 6")
	require.Equal(t, 2, r.Teacher.Trainer.Epochs)
	require.Equal(t, planned(t, s, nil, "ce")[0].Manifest.Training.ImagesSeen, r.Manifest.Training.ImagesSeen)
	stream := r.Manifest.Training.Streams[0]
	require.Contains(t, stream.Teacher, "trained first by logit-adjusted with seed ")
	require.Empty(t, stream.TeacherSHA256)

	report := do(t, r)
	require.EqualValues(t, r.Manifest.Training.ImagesSeen, report.Images)
	require.EqualValues(t, r.Manifest.Training.ImagesSeen, report.Manifest.Training.ImagesSeen)
	require.Len(t, report.Manifest.Training.Streams[0].TeacherSHA256, 64)
	teacher, err := readReport(filepath.Join(dir, "teacher", "report.json"))
	require.NoError(t, err)
	require.Equal(t, "logit-adjusted", teacher.Method)
	require.NotNil(t, teacher.Top1)
	_, about, err := hybrid.Open(filepath.Join(dir, "teacher"))
	require.NoError(t, err)
	require.Equal(t, "logit-adjusted", about.Method)

	// It is no run of its own, neither of the folder nor of one above.
	for _, path := range []string{dir, filepath.Dir(dir)} {
		runs, err := Read(path)
		require.NoError(t, err)
		require.Len(t, runs, 1)
		require.Equal(t, "dive", runs[0].Method)
		names, err := Unfinished(path)
		require.NoError(t, err)
		require.Empty(t, names)
	}
}

// A run that is stopped while its teacher trains goes on with that, and one in memory comes to the same.
func TestATeachersTrainingGoesOn(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	want := do(t, newRun(t, tiny(), "dive", whole))
	ctx, cancel := context.WithCancel(context.Background())
	r := newRun(t, tiny(), "dive", parts)
	r.Teacher.Trainer.OnEpoch = func(train.EpochReport) error { cancel(); return nil }
	reached, err := r.Do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "training the teacher: ")
	require.True(t, reached.Interrupted)
	require.Nil(t, reached.Top1)
	require.Positive(t, reached.Images)

	r = newRun(t, tiny(), "dive", parts)
	r.Trainer.OnWarning = func(w train.Warning) error { t.Error(w); return nil }
	do(t, r)
	requireSame(t, left(t, whole), left(t, parts))
	requireSame(t, left(t, filepath.Join(whole, "teacher")), left(t, filepath.Join(parts, "teacher")))

	d, err := tiny().Open(t.Context(), 1)
	require.NoError(t, err)
	r, err = d.NewRun(presets("dive")[0])
	require.NoError(t, err)
	require.Equal(t, *want.Top1, *do(t, r).Top1)
}

// A network that is there already teaches: the run of another method, or its model file.
func TestAGivenTeacher(t *testing.T) {
	dir := t.TempDir()
	do(t, newRun(t, tiny(), "ce", dir))
	sums := map[string]bool{}
	for _, path := range []string{dir, filepath.Join(dir, ModelFile)} {
		r := newRun(t, tiny(func(s *Settings) { s.Teacher = path }), "dive", t.TempDir())
		require.Nil(t, r.Teacher)
		require.Equal(t, 3, r.Trainer.Epochs, "half of 6")
		require.Equal(t, []string{"learns from a network trained by ce"}, r.Manifest.Training.Other)
		stream := r.Manifest.Training.Streams[0]
		require.Contains(t, stream.Teacher, "parameters")
		require.Len(t, stream.TeacherSHA256, 64)
		sums[stream.TeacherSHA256] = true
		report := do(t, r)
		require.Equal(t, stream, report.Manifest.Training.Streams[0])
	}
	require.Len(t, sums, 1)

	with := func(path string) Settings { return tiny(func(s *Settings) { s.Teacher = path }) }
	d, err := with(filepath.Join(dir, "none.safetensors")).Open(t.Context(), 1)
	require.NoError(t, err)
	_, err = d.NewRun(presets("dive")[0])
	require.ErrorContains(t, err, "experiment: teacher: ")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, with(dir).Check(method.CE()), "no method here learns from one")
	require.NoError(t, with(dir).Check(method.CE(), presets("dive")[0]))

	d, err = tiny(func(s *Settings) { s.Teacher, s.Size = dir, 16 }).Open(t.Context(), 1)
	require.NoError(t, err)
	_, err = d.NewRun(presets("dive")[0])
	require.ErrorContains(t, err, "the teacher takes 8×8×3, the network that is trained 16×16×3")

	n, about, err := hybrid.Open(dir)
	require.NoError(t, err)
	about.Classes[0], about.Classes[1] = about.Classes[1], about.Classes[0]
	other := filepath.Join(t.TempDir(), "other.safetensors")
	require.NoError(t, hybrid.Save(other, n, about))
	d, err = with(other).Open(t.Context(), 1)
	require.NoError(t, err)
	_, err = d.NewRun(presets("dive")[0])
	require.ErrorContains(t, err, other+" knows other classes than the data have, or has them in another order")
}
