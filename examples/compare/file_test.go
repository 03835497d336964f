package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFilesOfOtherProgramsAreRefused(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{"{}": "has no runs", "x": "invalid character", `{"runs":[{}]}`: "runs[0] lacks its method"} {
		path := filepath.Join(dir, "f.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := runsOf(path)
		require.ErrorContains(t, err, want)
	}
}

// A file that is not there is an error, but for the one that the first start is to write.
func TestOnlyTheFileToWriteMayBeMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.json")
	_, err := earlier(settings{Methods: []string{"ce"}, With: []string{path}, JSON: path + "x"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "-with: ")
	_, err = earlier(settings{With: []string{path}, JSON: path})
	require.ErrorIs(t, err, os.ErrNotExist, "-methods none")
	all, err := earlier(settings{Methods: []string{"ce"}, With: []string{path}, JSON: filepath.Dir(path) + "/./f.json"})
	require.NoError(t, err)
	require.Empty(t, all)
}

// A file that cannot be written is found before the data are looked for.
func TestAFileThatCannotBeWrittenIsFoundFirst(t *testing.T) {
	dir := t.TempDir()
	s := settings{Methods: []string{"ce"}, Seeds: []uint64{1}, Data: "missing", JSON: filepath.Join(dir, "missing", "f.json")}
	var out, log bytes.Buffer
	err := run(context.Background(), s, &out, &log)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "-json: open "+filepath.Dir(s.JSON))
	s.JSON = dir
	require.EqualError(t, run(context.Background(), s, &out, &log), "-json: "+dir+" is a folder: name a file")
	s.JSON = filepath.Join(dir, "f.json")
	require.ErrorContains(t, run(context.Background(), s, &out, &log), "dataset: ")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "the probe leaves nothing")
}
