package experiment

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// spoil makes a file one that cannot be read.
func spoil(t *testing.T, path ...string) {
	t.Helper()
	require.FileExists(t, filepath.Join(path...))
	require.NoError(t, os.WriteFile(filepath.Join(path...), []byte("<!DOCTYPE html>"), 0o666))
}

// All bad files are found by one check, and a run that leaves them out names them.
func TestBadFilesAreLeftOut(t *testing.T) {
	data := folders(t, 8, map[string][]int{"train": {30, 20, 10}, "test": {4, 4, 4}})
	spoil(t, data, "train", "disc-0", "003.png")
	spoil(t, data, "train", "disc-1", "000.png")
	spoil(t, data, "test", "square-2", "001.png")
	s := tiny(func(s *Settings) {
		s.Data, s.Size, s.Imbalance, s.Batch, s.Epochs, s.Groups = data, 0, 0, 12, 1, "counts"
	})
	d, err := s.Open(t.Context(), 1)
	if err == nil {
		err = d.Load(t.Context())
	}
	require.ErrorContains(t, err, "HTML")

	done := map[string]int{}
	bad, err := s.FindBad(t.Context(), func(part string, n, of int) { done[part] = n })
	require.NoError(t, err)
	require.Equal(t, map[string]int{"train": 60, "test": 12}, done)
	want := []string{"train/disc-0/003.png", "train/disc-1/000.png", "test/square-2/001.png"}
	for i, b := range bad {
		s.LeaveOut = append(s.LeaveOut, b.File)
		require.Equal(t, filepath.Base(filepath.Dir(want[i])), b.Class)
		require.ErrorContains(t, b.Err, filepath.Base(want[i]))
	}
	require.Equal(t, want, s.LeaveOut)
	d, err = s.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []int{26, 17, 9}, d.Counts(), "and a tenth is held out")
	require.Equal(t, []int{4, 4, 3}, dataset.Counts(d.Test))
	report := do(t, newRun(t, s, "ce", t.TempDir()))
	require.Equal(t, want, report.Manifest.Data.LeftOut)

	for i := range 4 {
		s.LeaveOut = append(s.LeaveOut, "test/disc-1/00"+string(rune('0'+i))+".png")
	}
	_, err = s.Open(t.Context(), 1)
	require.ErrorContains(t, err, `no image of class "disc-1" can be read`)
	s.AllowMissing = true
	d, err = s.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []int{4, 0, 3}, dataset.Counts(d.Test))
	for i := range 10 {
		s.LeaveOut = append(s.LeaveOut, "train/square-2/00"+string(rune('0'+i))+".png")
	}
	_, err = s.Open(t.Context(), 1)
	require.ErrorContains(t, err, `no image of class "square-2" can be read`, "what is trained on has all classes")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.FindBad(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	bad, err = tiny().FindBad(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, bad)
}

func TestBadFilesOfClassFoldersAloneAreLeftOut(t *testing.T) {
	data := folders(t, 8, map[string][]int{"": {20, 10}})
	spoil(t, data, "disc-0", "003.png")
	s := Settings{Data: data, Epochs: 1}
	bad, err := s.FindBad(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, bad, 1)
	s.LeaveOut = []string{bad[0].File}
	require.Equal(t, "disc-0/003.png", bad[0].File)
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, d.Load(t.Context()))
	require.Equal(t, 29, d.Train.Len()+d.Test.Len())
	require.Equal(t, s.LeaveOut, d.manifest.LeftOut)
}

// A class that the test set lacks has no figure, and means are over those that are there.
func TestAClassWithoutTestImages(t *testing.T) {
	data := folders(t, 8, map[string][]int{"train": {30, 20, 10}, "test": {4, 4, 4}})
	require.NoError(t, os.RemoveAll(filepath.Join(data, "test", "disc-1")))
	s := tiny(func(s *Settings) {
		s.Data, s.Size, s.Imbalance, s.Batch, s.Epochs, s.Groups = data, 0, 0, 12, 2, "counts"
	})
	_, err := s.Open(t.Context(), 1)
	require.ErrorContains(t, err, `"disc-1" (which may be allowed)`)
	s.AllowMissing = true
	report := do(t, newRun(t, s, "ce", t.TempDir()))
	require.Equal(t, []int{4, 0, 4}, report.Manifest.Data.TestCounts)
	require.NotNil(t, report.PerClass[0])
	require.Nil(t, report.PerClass[1])
	require.NotNil(t, report.Few)
	require.InDelta(t, *report.Top1, (*report.PerClass[0]+*report.PerClass[2])/2, 1e-3)
}
