package dataset

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// onePNG writes one PNG file.
func onePNG(t *testing.T, side int, shade uint8, path ...string) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, side, side))
	for p := range m.Pix {
		m.SetGray(p%side, p/side, color.Gray{Y: shade})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	writeFile(t, b.Bytes(), path...)
	return filepath.Join(path...)
}

func TestScanDirFindsEveryFault(t *testing.T) {
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
	s, err := ScanDir(context.Background(), dir)
	require.NoError(t, err)
	require.Len(t, s.Parts, 2)
	train := s.Parts[0]
	require.Equal(t, []string{"cat", "dog", "elk"}, train.Classes)
	require.Equal(t, []int{2, 3, 1}, train.Counts)
	require.Equal(t, map[string]int{"PNG": 5}, train.Formats)
	require.Equal(t, []PassedOver{{".txt files", 1, "dog/x.txt"}, {"hidden files and folders", 1, "dog/.hidden"}}, train.PassedOver)
	require.Equal(t, ScanSizes{Smallest: [2]int{4, 4}, Median: [2]int{6, 6}, Largest: [2]int{9, 9}}, train.Sizes)
	require.Len(t, train.Bad, 1)
	require.Equal(t, bad, train.Bad[0].Path)
	require.Contains(t, train.Bad[0].Error, "unknown data")
	require.Equal(t, []int{1, 0}, s.Parts[1].Counts)
	require.Equal(t, []Duplicate{{A: b, B: d}, {A: a, B: c}}, s.Duplicates)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = ScanDir(ctx, dir)
	require.ErrorIs(t, err, context.Canceled)
}

func TestScanDirOfClassFoldersAloneAndOfNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := ScanDir(context.Background(), dir)
	require.ErrorContains(t, err, "no known data set in "+dir)
	_, err = ScanDir(context.Background(), filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cat"), 0o777))
	_, err = ScanDir(context.Background(), dir)
	require.ErrorContains(t, err, "no image in any of them")
	onePNG(t, 4, 1, dir, "cat", "a.png")
	s, err := ScanDir(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, "", s.Parts[0].Name)
	require.Equal(t, []int{1}, s.Parts[0].Counts)
	require.Empty(t, s.Duplicates)
}

func TestScanDirOfCIFAR(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR10(t, dir)
	s, err := ScanDir(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, "CIFAR-10", s.Kind)
	require.Equal(t, map[string]int{"CIFAR": 10}, s.Parts[0].Formats)
	require.Equal(t, [2]int{32, 32}, s.Parts[0].Sizes.Median)
	require.Equal(t, Duplicate{"train image 0", "test image 0"}, s.Duplicates[len(s.Duplicates)-1], "all its images are alike")
}
