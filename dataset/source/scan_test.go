package source

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

func TestScanFindsEveryFault(t *testing.T) {
	dir := t.TempDir()
	a := onePNG(t, 4, 10, dir, "train", "cat", "a.png")
	onePNG(t, 4, 10, dir, "train", "cat", "again.png") // twice in a class is the owner's business
	b := onePNG(t, 6, 20, dir, "train", "dog", "b.PNG")
	onePNG(t, 9, 10, dir, "train", "dog", "larger.png")
	c := onePNG(t, 4, 10, dir, "test", "cat", "copy.png")
	d := onePNG(t, 6, 20, dir, "train", "elk", "d.png")
	bad := filepath.Join(dir, "train", "dog", "bad.jpg")
	require.NoError(t, os.WriteFile(bad, []byte("no"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train", "dog", "x.txt"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train", "dog", ".hidden"), nil, 0o666))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "test", "dog"), 0o777))
	s, err := ScanAll(context.Background(), dir, Settings{})
	require.NoError(t, err)
	require.Len(t, s.Parts, 2)
	train := s.Parts[0]
	require.Equal(t, []string{"cat", "dog", "elk"}, train.Classes)
	require.Equal(t, []int{2, 3, 1}, train.Counts)
	require.Equal(t, map[string]int{"PNG": 5}, train.Formats)
	require.Equal(t, []dataset.PassedOver{{What: ".txt files", Count: 1, Example: "dog/x.txt"}, {What: "hidden files and folders", Count: 1, Example: "dog/.hidden"}}, train.PassedOver)
	require.Equal(t, ScanSizes{Smallest: [2]int{4, 4}, Median: [2]int{6, 6}, Largest: [2]int{9, 9}}, train.Sizes)
	require.Len(t, train.Bad, 1)
	require.Equal(t, bad, train.Bad[0].Path)
	require.Contains(t, train.Bad[0].Error, "unknown data")
	require.Equal(t, []int{1, 0}, s.Parts[1].Counts)
	require.Equal(t, []Duplicate{{A: b, B: d}, {A: a, B: c}}, s.Duplicates)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = ScanAll(ctx, dir, Settings{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestScanOfClassFoldersAloneAndOfNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := ScanAll(context.Background(), dir, Settings{})
	require.ErrorContains(t, err, "no known data set in "+dir)
	_, err = ScanAll(context.Background(), filepath.Join(dir, "none"), Settings{})
	require.ErrorIs(t, err, os.ErrNotExist)
	half := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(half, "train"), 0o777))
	onePNG(t, 4, 1, half, "test", "cat", "1.png")
	_, err = ScanAll(context.Background(), half, Settings{})
	require.ErrorContains(t, err, filepath.Join(half, "train")+" holds no class folder")

	require.NoError(t, os.Mkdir(filepath.Join(dir, "cat"), 0o777))
	_, err = ScanAll(context.Background(), dir, Settings{})
	require.ErrorContains(t, err, "no image in any of them")
	onePNG(t, 4, 1, dir, "cat", "a.png")
	s, err := ScanAll(context.Background(), dir, Settings{})
	require.NoError(t, err)
	require.Equal(t, "", s.Parts[0].Name)
	require.Equal(t, []int{1}, s.Parts[0].Counts)
	require.Empty(t, s.Duplicates)
}

func TestScanOfCIFAR(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR10(t, dir)
	s, err := ScanAll(context.Background(), dir, Settings{})
	require.NoError(t, err)
	require.Equal(t, "CIFAR-10", s.Kind)
	require.Equal(t, map[string]int{"CIFAR-10": 10}, s.Parts[0].Formats)
	require.Equal(t, [2]int{32, 32}, s.Parts[0].Sizes.Median)
	require.Equal(t, Duplicate{"train image 0", "test image 0"}, s.Duplicates[len(s.Duplicates)-1], "all its images are alike")
}

// Lists are scanned as folders are, and what they say of themselves is told.
func TestScanOfAList(t *testing.T) {
	dir := layout(t, append(images("x/a.png", "x/b.png"), [2]string{"train.csv", "image,label\na.png,cat\nb.png,dog\nbad.jpg,dog\n"}, [2]string{"x/bad.jpg", "no"},
		[2]string{"test.csv", "image,label\na.png,cat\nb.png,dog\n"})...)
	s, err := ScanAll(context.Background(), dir, Settings{})
	require.NoError(t, err)
	require.Equal(t, "table", s.Kind)
	require.Equal(t, []int{1, 2}, s.Parts[0].Counts)
	require.Equal(t, "train", s.Parts[0].Name)
	require.Len(t, s.Parts[0].Bad, 1)
	require.Equal(t, filepath.Join(dir, "x", "bad.jpg"), s.Parts[0].Bad[0].Path)
	require.Len(t, s.Duplicates, 2)
	require.Contains(t, s.Found, "training set: paths in column image, labels in column label")
}
