package annotation

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLists(t *testing.T) {
	for _, r := range []reading{
		{name: "ImageNet-LT", file: "a.txt", text: "train/n01440764/n01440764_190.JPEG 0\ntrain/n01443537/x.JPEG 1\n",
			want: []string{"train/n01440764/n01440764_190.JPEG 0", "train/n01443537/x.JPEG 1"}},
		{name: "blanks in paths, tabs, CRLF, empty lines", file: "a.txt", text: "my dir/a  b.jpg 3\r\n\r\n./c.jpg\t1\n  d.jpg   02  ",
			want: []string{"my dir/a  b.jpg 3", "c.jpg 1", "d.jpg 2"}, ids: []string{"1", "2", "3"}},
		{name: "names", file: "a.txt", text: "a.jpg 7\nb.jpg 5\n", settings: Settings{Names: map[string]string{"7": "cat", "5": "ant", "6": "bee"}}, want: []string{"a.jpg cat", "b.jpg ant"}},
		{name: "of a training set's classes", file: "a.txt", text: "a.jpg 7\nb.jpg 5\n", settings: Settings{LeaveOut: true, Classes: &Classes{IDs: []string{"5", "6"}, Names: []string{"ant", "bee"}}},
			want: []string{"b.jpg ant"}, passed: []string{"1 images of other classes (a.jpg)"}},
		{name: "another class", file: "a.txt", text: "b.jpg 5\na.jpg 7\n", settings: Settings{Classes: &Classes{IDs: []string{"5"}, Names: []string{"ant"}}}, fails: []string{"a.txt:2", "7"}},
		{name: "no number", file: "a.txt", text: "a.jpg 1\n\nb.jpg cat\n", fails: []string{"a.txt:3", "b.jpg cat"}},
		{name: "negative", file: "a.txt", text: "a.jpg 1\nb.jpg -1\n", fails: []string{"a.txt:2"}},
		{name: "path alone", file: "a.txt", text: "a.jpg 1\nb.jpg\n", fails: []string{"a.txt:2"}},
		{name: "zero bytes", file: "a.txt", text: "a.jpg 1\nb\x00.jpg 1\n", fails: []string{"a.txt:2"}},
	} {
		r.run(t)
	}
	_, err := Read(filepath.Join(t.TempDir(), "none"), Settings{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Read(t.TempDir(), Settings{})
	require.ErrorContains(t, err, "not a regular file")
}

func TestReadNames(t *testing.T) {
	want := map[string]string{"0": "ant", "3": "big cat"}
	for name, text := range map[string]string{
		"list of objects":     `[{"id": 0, "name": "ant", "kingdom": "Animalia"}, {"id": "3", "name": "big cat"}]`,
		"object":              `{"0": "ant", "3": "big cat"}`,
		"object of a list":    `{"info": {}, "categories": [{"id": 0, "name": "ant"}, {"id": 3, "name": "big cat"}]}`,
		"lines with numbers":  "ant 0\r\nbig cat 3\n\n",
		"after its byte mark": "\xef\xbb\xbfant 0\nbig cat 3\n",
	} {
		names, err := ReadNames(write(t, "names", text))
		require.NoError(t, err, name)
		require.Equal(t, want, names, name)
	}
	names, err := ReadNames(write(t, "names", "tench, Tinca\nboeing 747\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"0": "tench, Tinca", "1": "boeing 747"}, names)
	for text, want := range map[string]string{
		"": "empty", `[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]`: `"a"`, `[{"name": "a"}]`: "category 0", `{"a": [1]}`: "names", `[1`: "names",
	} {
		_, err := ReadNames(write(t, "names", text))
		require.ErrorContains(t, err, want, text)
	}
}
