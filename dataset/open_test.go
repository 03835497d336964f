package dataset

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpenFolders(t *testing.T) {
	for _, second := range []string{"test", "val"} {
		dir := t.TempDir()
		raw := encodePNG(t, stripes(4, 4))
		writeFile(t, raw, dir, "train", "ant", "0.png")
		writeFile(t, raw, dir, "train", "bee", "0.png")
		writeFile(t, raw, dir, second, "ant", "0.png")
		_, _, err := Open(dir, FolderSettings{})
		require.ErrorContains(t, err, "only in "+filepath.Join(dir, "train")+`: "bee"`)
		part, err := OpenSplit(dir, SplitSettings{AllowMissing: true})
		require.NoError(t, err)
		require.Nil(t, part.Validation)
		require.Equal(t, part.Train.Classes(), part.Test.Classes())
		require.Equal(t, []int{1, 0}, Counts(part.Test))
		writeFile(t, raw, dir, second, "bee", "0.png")
		train, test, err := Open(dir, FolderSettings{Width: 6, Height: 5})
		require.NoError(t, err)
		require.Equal(t, train.Classes(), test.Classes())
		var img Image
		require.NoError(t, test.Image(1, &img))
		require.Equal(t, Shape{Height: 5, Width: 6, Channels: 3}, img.Shape())
	}
}

// Of classes that only one part has, ten are named.
func TestOnly(t *testing.T) {
	all := strings.Split("abcdefghijkl", "")
	for n, want := range map[int]string{0: "none", 1: `"a"`, 10: `"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"`, 11: `"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", and 1 more`,
		12: `"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", and 2 more`} {
		require.Equal(t, want, only(all, all[n:]))
	}
}

func TestOpenCIFAR(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR10(t, filepath.Join(dir, "cifar-10-batches-bin"))
	train, test, err := Open(dir, FolderSettings{Width: 0, Height: 32})
	require.NoError(t, err)
	require.Equal(t, 10, train.Len())
	require.Equal(t, 1, test.Len())
	train, test, err = Open(dir, FolderSettings{Width: 64})
	require.EqualError(t, err, "dataset: images of 64×64 were asked for, CIFAR-10 has 32×32: ask for 0×0")
	require.True(t, train == nil && test == nil)
	_, _, err = Open(dir, FolderSettings{Width: 32, Height: 31})
	require.EqualError(t, err, "dataset: images of 31×32 were asked for, CIFAR-10 has 32×32: ask for 0×0")
	_, _, err = Open(dir, FolderSettings{Width: 32})
	require.NoError(t, err)

	writeCIFAR100(t, dir)
	_, _, err = Open(dir, FolderSettings{})
	require.EqualError(t, err, "dataset: "+dir+" holds both CIFAR-10 and CIFAR-100: call CIFAR10 or CIFAR100, or name the "+
		"folder of one")
	hundred := t.TempDir()
	writeCIFAR100(t, hundred)
	train, _, err = Open(hundred, FolderSettings{})
	require.NoError(t, err)
	require.Len(t, train.Classes(), 100)
	writeFile(t, []byte("short"), hundred, "test.bin")
	train, test, err = Open(hundred, FolderSettings{})
	require.ErrorContains(t, err, "truncated at record 0")
	require.True(t, train == nil && test == nil, "no typed nil")
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	_, _, err := Open(dir, FolderSettings{})
	require.EqualError(t, err, "dataset: no known data set in "+dir+": looked for class folders in train and test (or val), "+
		"for CIFAR-10 (data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, "+
		"test_batch.bin) there or in cifar-10-batches-bin, and for CIFAR-100 (train.bin, test.bin) there or in "+
		"cifar-100-binary")
	writeFile(t, encodePNG(t, stripes(4, 4)), dir, "train", "ant", "0.png")
	_, _, err = Open(dir, FolderSettings{})
	require.EqualError(t, err,
		"dataset: "+dir+" holds train but neither test nor val: add one, or use OpenFolder on train and Holdout")
}

func TestOpenSplitOfThree(t *testing.T) {
	for _, name := range []string{"val", "valid", "validation"} {
		dir := t.TempDir()
		for _, part := range []string{"train", name, "test"} {
			writeFile(t, encodePNG(t, stripes(4, 4)), dir, part, "ant", "0.png")
		}
		writeFile(t, encodePNG(t, stripes(4, 4)), dir, name, "ant", "1.png")
		all, err := OpenSplit(dir, SplitSettings{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 1}, []int{all.Train.Len(), all.Validation.Len(), all.Test.Len()})
		_, _, err = Open(dir, FolderSettings{})
		require.ErrorContains(t, err, "OpenSplit", "a part is not passed over in silence")
		writeFile(t, encodePNG(t, stripes(4, 4)), dir, name, "wasp", "1.png")
		_, err = OpenSplit(dir, SplitSettings{AllowMissing: true})
		require.ErrorContains(t, err, `"wasp"`)
	}
	_, err := OpenSplit("nowhere", SplitSettings{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OpenSplit(t.TempDir(), SplitSettings{})
	require.ErrorContains(t, err, "no known data set")
}

// Two folders for one part: neither is taken for another part.
func TestOpenSplitWithTooManyParts(t *testing.T) {
	for want, parts := range map[string][]string{
		"test, val, valid beside train":   {"test", "val", "valid"},
		"val, validation beside train":    {"val", "validation"},
		"test, testing beside train":      {"test", "testing"},
		"test, testing, val beside train": {"test", "testing", "val"},
	} {
		dir := t.TempDir()
		for _, part := range append(parts, "train") {
			writeFile(t, encodePNG(t, stripes(4, 4)), dir, part, "ant", "0.png")
		}
		_, err := OpenSplit(dir, SplitSettings{})
		require.ErrorContains(t, err, want)
	}
}
