package source

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// archive writes samples, each of a label and of images of a shade of its own.
func archive(t *testing.T, path string, labels ...string) {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name string, content []byte) {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
		_, err := w.Write(content)
		require.NoError(t, err)
	}
	for i, label := range labels {
		png, err := os.ReadFile(onePNG(t, 4+i, uint8(i), t.TempDir(), "x.png"))
		require.NoError(t, err)
		add(fmt.Sprint(i, ".png"), png)
		if strings.HasPrefix(label, "{") {
			add(fmt.Sprint(i, ".json"), []byte(label))
		} else {
			add(fmt.Sprint(i, ".cls"), []byte(label))
		}
	}
	require.NoError(t, w.Close())
	writeFile(t, b.Bytes(), path)
}

func TestArchives(t *testing.T) {
	names := filepath.Join(t.TempDir(), "names.txt")
	writeFile(t, []byte("ant\nbee\ncow\n"), names)
	for _, c := range []struct {
		name, path        string              // below the folder
		files             map[string][]string // archives and their labels
		settings          Settings
		train, test, held []int
		classes           []string
		found             string
	}{
		{name: "one", path: "birds.tar", files: map[string][]string{"birds.tar": {"owl", "jay", "owl"}}, train: []int{1, 0, 1}, classes: []string{"jay", "owl"}, found: "3 images in 2 classes of birds.tar"},
		{name: "a folder of training images alone", files: map[string][]string{"a-0.tar": {"1"}, "a-1.tar": {"0", "2"}}, train: []int{1, 0, 2}, classes: []string{"0", "1", "2"}, found: "a-0.tar and 1 more archives"},
		{name: "parts by name", files: map[string][]string{"x-train-0.tar": {"1", "0"}, "x-val-0.tar": {"0", "1"}, "x-test-0.tar": {"1", "0"}}, train: []int{1, 0}, held: []int{0, 1}, test: []int{1, 0}, classes: []string{"0", "1"}},
		{name: "parts by folder", files: map[string][]string{"train/0.tar": {"b", "a"}, "validation/0.tar": {"a", "b"}}, train: []int{1, 0}, test: []int{0, 1}, classes: []string{"a", "b"}},
		{name: "a range, and what is beside", path: "x-train-{0..1}.tar", files: map[string][]string{"x-train-0.tar": {"1", "0"}, "x-train-1.tar": {"1"}, "x-test-000.tar": {"1", "0"}, "y-val-0.tar": {"5"}},
			train: []int{1, 0, 1}, test: []int{1, 0}, classes: []string{"0", "1"}},
		{name: "parts that are named", path: "one.tar", files: map[string][]string{"one.tar": {"1", "0"}, "two.tar": {"0", "1"}}, settings: Settings{Test: "two.tar"}, train: []int{1, 0}, test: []int{0, 1}, classes: []string{"0", "1"}},
		{name: "names that look like numbers", files: map[string][]string{"x-train-0.tar": {"other", "1", "2"}, "x-test-0.tar": {"2", "1"}}, settings: Settings{SplitSettings: dataset.SplitSettings{AllowMissing: true}},
			train: []int{2, 0, 1}, test: []int{1, 0}, classes: []string{"1", "2", "other"}},
		{name: "names", files: map[string][]string{"a.tar": {"1", "0"}}, settings: Settings{Names: names}, train: []int{1, 0}, classes: []string{"ant", "bee", "cow"}},
		{name: "labels in JSON", files: map[string][]string{"a.tar": {`{"species": "owl"}`, `{"species": "jay"}`}}, settings: Settings{Label: "species"}, train: []int{1, 0}, classes: []string{"jay", "owl"}},
		{name: "a class that the test set lacks", files: map[string][]string{"train.tar": {"1", "0"}, "test.tar": {"0"}}, settings: Settings{SplitSettings: dataset.SplitSettings{AllowMissing: true}}, train: []int{1, 0}, test: []int{0}, classes: []string{"0", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, labels := range c.files {
				archive(t, filepath.Join(dir, name), labels...)
			}
			c.settings.Cache = filepath.Join(dir, ".cache")
			if c.settings.Test != "" {
				c.settings.Test = filepath.Join(dir, c.settings.Test)
			}
			d, err := open(filepath.Join(dir, c.path), c.settings)
			require.NoError(t, err)
			require.Equal(t, "tar shards", d.Kind)
			for _, part := range []struct {
				want []int
				is   dataset.Dataset
			}{{c.train, d.Train}, {c.held, d.Validation}, {c.test, d.Test}} {
				if part.want == nil {
					require.Nil(t, part.is)
					continue
				}
				require.Equal(t, part.want, dataset.Labels(part.is))
				require.Equal(t, c.classes, part.is.Classes())
			}
			require.Contains(t, strings.Join(d.Found, "\n"), c.found)
			require.NoError(t, d.Scaled(dataset.Scale{Height: 3, Width: 2}))
			var img dataset.Image
			require.NoError(t, d.Train.Image(1, &img))
			require.Equal(t, dataset.Shape{Height: 3, Width: 2, Channels: 3}, img.Shape())
		})
	}
}

func TestArchivesThatSayTooLittle(t *testing.T) {
	dir := t.TempDir()
	archive(t, filepath.Join(dir, "a", "train.tar"), "1", "0")
	archive(t, filepath.Join(dir, "a", "more.tar"), "1", "0")
	archive(t, filepath.Join(dir, "b", "val.tar"), "1", "0")
	archive(t, filepath.Join(dir, "c", "train.tar"), "1", "0")
	archive(t, filepath.Join(dir, "c", "test.tar"), "0", "2")
	archive(t, filepath.Join(dir, "d", "train.tar"), "1", "0")
	archive(t, filepath.Join(dir, "d", "test.tar"), "0")
	s := Settings{Cache: filepath.Join(dir, ".cache")}
	for in, want := range map[string]string{"a": "more.tar", "b": "none of the training set", "c": `label "2"`, "d": "no image of 1", "none.tar": "none.tar"} {
		_, err := open(filepath.Join(dir, in), s)
		require.ErrorContains(t, err, want, in)
	}
	_, err := open(filepath.Join(dir, "d"), s)
	require.ErrorIs(t, err, dataset.ErrClassesDiffer)
	empty := filepath.Join(dir, "names")
	writeFile(t, []byte("ant 7\n"), empty)
	s.Names = empty
	_, err = open(filepath.Join(dir, "d"), s)
	require.ErrorContains(t, err, "no name of class 0")
}

// Other things beside archives, which have the say.
func TestArchivesBesideOthers(t *testing.T) {
	dir := layout(t, append(images("cat/a.png", "dog/b.png"), [2]string{"list.txt", "cat/a.png 0\ndog/b.png 1\n"})...)
	archive(t, filepath.Join(dir, "cat.tar"), "1", "0")
	d, err := open(dir, Settings{})
	require.NoError(t, err)
	require.Equal(t, "list", d.Kind)

	dir = t.TempDir()
	writeCIFAR10(t, dir)
	archive(t, filepath.Join(dir, "cifar-10-binary.tar.gz"), "1", "0")
	d, err = open(dir, Settings{})
	require.NoError(t, err)
	require.Equal(t, "CIFAR-10", d.Kind)

	dir = layout(t, [2]string{"list.txt", "a.png 0\nb.png 1\n"})
	archive(t, filepath.Join(dir, "all.tar"), "1", "0")
	d, err = open(dir, Settings{Cache: filepath.Join(dir, ".cache")})
	require.NoError(t, err)
	require.Equal(t, "tar shards", d.Kind)
	require.Contains(t, strings.Join(d.Found, "\n"), "list.txt is passed over")
}

func TestPartsOfArchives(t *testing.T) {
	dir := t.TempDir()
	archive(t, filepath.Join(dir, "train.tar"), "1", "0")
	archive(t, filepath.Join(dir, "val.tar"), "1", "0", "2")
	s := Settings{Cache: filepath.Join(dir, ".cache")}
	for _, c := range []struct {
		path, name string
		want       int
	}{{dir, "", 3}, {dir, "val", 3}, {dir, "train", 2}, {filepath.Join(dir, "train.tar"), "", 2}, {filepath.Join(dir, "train.tar"), "val", 3}} {
		set, where, err := OpenPart(context.Background(), c.path, c.name, s)
		require.NoError(t, err)
		require.Equal(t, c.want, set.Len(), c)
		require.Contains(t, where, ".tar")
	}
	_, _, err := OpenPart(context.Background(), dir, "test", s)
	require.ErrorContains(t, err, "no part test")
	require.ErrorIs(t, err, ErrNoPart)
}

// Bad images in archives are listed by archive and offset, and images that are in two parts are found.
func TestScanArchives(t *testing.T) {
	dir := t.TempDir()
	archive(t, filepath.Join(dir, "train.tar"), "1", "0", "0")
	archive(t, filepath.Join(dir, "test.tar"), "1", "0")
	raw, err := os.ReadFile(filepath.Join(dir, "train.tar"))
	require.NoError(t, err)
	at := bytes.LastIndex(raw, []byte("IDAT"))
	raw[at+6] ^= 0xff
	writeFile(t, raw, dir, "train.tar")
	scan, err := ScanAll(context.Background(), dir, Settings{Cache: filepath.Join(dir, ".cache")})
	require.NoError(t, err)
	require.Equal(t, "tar shards", scan.Kind)
	require.Len(t, scan.Parts[0].Bad, 1)
	require.Contains(t, scan.Parts[0].Bad[0].Path, "train.tar@")
	require.Equal(t, map[string]int{"PNG": 2}, scan.Parts[0].Formats)
	require.Equal(t, [2]int{4, 4}, scan.Parts[0].Sizes.Smallest)
	require.Equal(t, [2]int{5, 5}, scan.Parts[1].Sizes.Largest)
	require.Len(t, scan.Duplicates, 2, "the first two of both parts")
}
