package experiment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

// tabled writes a table of the images of class folders, and takes the folders' names away.
func tabled(t *testing.T, dir, name string, class func(string) string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("image,label\n")
	all, err := filepath.Glob(filepath.Join(dir, "*", "*.png"))
	require.NoError(t, err)
	for _, path := range all {
		below, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s,%s\n", filepath.ToSlash(below), class(filepath.Base(filepath.Dir(path))))
	}
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o666))
	return path
}

// A table, a list or JSON is as good as class folders: what follows from the images is the same, and ids stay in the manifest.
func TestDataOfATable(t *testing.T) {
	dir := folders(t, 21, map[string][]int{"": {130, 20, 5}})
	ids := map[string]string{}
	path := tabled(t, dir, "all.csv", func(class string) string {
		if ids[class] == "" {
			ids[class] = fmt.Sprint(12 - 5*len(ids))
		}
		return ids[class]
	})
	d, err := Settings{Data: path, Epochs: 1}.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, 16, d.Settings.Size)
	require.Equal(t, "natural", d.Settings.Profile)
	require.Equal(t, []int{4, 16, 104}, d.Counts(), "by the ids: 2, 7 and 12")
	require.Equal(t, []string{"2", "7", "12"}, d.manifest.ClassIDs)
	require.Contains(t, strings.Join(d.Derived, "\n"), "paths in column image, labels in column label")

	names := filepath.Join(t.TempDir(), "names")
	require.NoError(t, os.WriteFile(names, []byte("ant 12\nbee 7\ncow 2\n"), 0o666))
	d, err = Settings{Data: path, Epochs: 1, Size: 8, Read: Reading{Names: names}}.Open(t.Context(), 1)
	require.NoError(t, err)
	r, err := d.NewRun(method.CE())
	require.NoError(t, err)
	require.Equal(t, []string{"2", "7", "12"}, r.Manifest.Data.ClassIDs)
	require.Equal(t, []string{"cow", "bee", "ant"}, r.Manifest.Data.Classes)
	_, err = Settings{Data: path, Epochs: 1, Read: Reading{Nested: "flat"}}.Open(t.Context(), 1)
	require.ErrorContains(t, err, "deep nor leaves")
	now := r.Manifest
	now.Data.Classes = []string{"cow", "bee", "wasp"}
	require.Len(t, manifest.Changes(r.Manifest, now), 1)
}

// A class without test images is refused, or by option means are over the classes that have some.
func TestAClassThatAPartLacks(t *testing.T) {
	dir := folders(t, 8, map[string][]int{"train": {20, 6, 4}, "test": {3, 3, 3}})
	class := ""
	for _, list := range []bool{false, true} {
		data := dir
		if list {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "test", class)))
			same := func(class string) string { return class }
			data = tabled(t, filepath.Join(dir, "train"), "train.csv", same)
			test := tabled(t, filepath.Join(dir, "test"), "train.csv", same)
			require.NoError(t, os.Rename(test, filepath.Join(dir, "test.csv")))
		}
		how := Reading{}
		if list {
			how = Reading{Test: filepath.Join(dir, "test.csv")}
		} else {
			d, err := Settings{Data: dir, Epochs: 1}.Open(t.Context(), 1)
			require.NoError(t, err)
			class = d.Train.Classes()[2]
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "test", class)))
		}
		_, err := Settings{Data: data, Epochs: 1, Read: how}.Open(t.Context(), 1)
		require.ErrorIs(t, err, dataset.ErrClassesDiffer)
		require.ErrorContains(t, err, class)
		d, err := Settings{Data: data, Epochs: 1, Read: how, AllowMissing: true}.Open(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, []int{20, 6, 4}, d.Counts())
		require.Equal(t, []int{3, 3, 0}, dataset.Counts(d.Test))
	}
}

// Counts that differ mean that the tail is there already, whatever the images come from.
func TestProfileOfTheData(t *testing.T) {
	even := folders(t, 8, map[string][]int{"train": {6, 6}, "test": {2, 2}})
	uneven := folders(t, 8, map[string][]int{"train": {9, 3}, "test": {2, 2}})
	idx := func(labels string) string {
		dir := t.TempDir()
		n := byte(len(labels))
		for name, raw := range map[string]string{"train-images-idx3-ubyte": "\x00\x00\x08\x03\x00\x00\x00" + string(n) + "\x00\x00\x00\x08\x00\x00\x00\x08" + strings.Repeat("\x07", 64*int(n)),
			"train-labels-idx1-ubyte": "\x00\x00\x08\x01\x00\x00\x00" + string(n) + labels} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(raw), 0o666))
			require.NoError(t, os.WriteFile(filepath.Join(dir, strings.Replace(name, "train", "t10k", 1)), []byte(raw), 0o666))
		}
		return dir
	}
	for _, c := range []struct {
		data      string
		imbalance float64
		want      string
	}{
		{even, 0, "natural"}, {uneven, 0, "natural"}, {even, 2, "exp"}, {uneven, 2, "exp"}, {"", 0, "exp"},
		{idx("\x00\x01\x00\x01"), 4, "exp"}, {idx("\x00\x00\x00\x01"), 0, "natural"},
	} {
		s := Settings{Data: c.data, Imbalance: c.imbalance, Epochs: 1}
		d, err := s.Open(t.Context(), 1)
		if c.data == "" || c.imbalance == 0 {
			require.NoError(t, err)
		}
		if err == nil {
			require.Equal(t, c.want, d.Settings.Profile)
		}
	}
	mnist := Settings{Data: idx("\x00\x00\x00\x01"), Size: 12, Epochs: 1}
	d, err := mnist.Open(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, d.Load(t.Context()))
	require.Equal(t, dataset.Shape{Height: 12, Width: 12, Channels: 3}, d.Train.(*dataset.Memory).Shape())
	bad, err := mnist.FindBad(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, bad, "what is read whole has no bad files")

	_, err = Settings{Data: uneven, Profile: "exp", Imbalance: 1, Epochs: 1}.Open(t.Context(), 1)
	require.ErrorContains(t, err, "natural")
	for _, field := range []string{"Max", "AllowEmpty", "Imbalance"} {
		require.NotContains(t, err.Error(), field, "fields of Go mean nothing to who gives options")
	}
}
