package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// line runs a command line, written with spaces between its words, in this process.
func line(words string, more ...string) (code int, out, log string) {
	return lineUntil(context.Background(), &bytes.Buffer{}, words, more...)
}

func lineUntil(ctx context.Context, logTo interface {
	Write([]byte) (int, error)
	String() string
}, line string, more ...string) (code int, out, log string) {
	var o bytes.Buffer
	code = run(ctx, append(strings.Fields(line), more...), &o, logTo)
	return code, o.String(), logTo.String()
}

// succeed runs a command line that succeeds, and returns what it prints.
func succeed(t *testing.T, words string, more ...string) (out, log string) {
	t.Helper()
	code, out, log := line(words, more...)
	require.Zero(t, code, "%s %v\n%s", words, more, log)
	return out, log
}

// fail runs a command line that exits with a code and tells of want.
func fail(t *testing.T, code int, want, words string, more ...string) {
	t.Helper()
	is, _, log := line(words, more...)
	require.Equal(t, code, is, "%s\n%s", words, log)
	require.Contains(t, log, want, words)
}

func parseJSON[T any](t *testing.T, text string) (v T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

// photos writes generated images as PNG files of 16 pixels: three classes of a long tail to train on, five of each to test on.
func photos(t *testing.T) string {
	dir := t.TempDir()
	writeImages(t, filepath.Join(dir, "train"), 1, []int{40, 14, 5})
	writeImages(t, filepath.Join(dir, "test"), 2, []int{5, 5, 5})
	return dir
}

func writeImages(t *testing.T, dir string, seed uint64, counts []int) {
	t.Helper()
	most := slices.Max(counts)
	all, _, err := dataset.Generate(dataset.GenerateSettings{Classes: len(counts), PerClass: most, TestPerClass: 1, Seed: seed})
	require.NoError(t, err)
	var img dataset.Image
	for c, n := range counts {
		folder := filepath.Join(dir, all.Classes()[c])
		for k := range n {
			require.NoError(t, all.Image(c*most+k, &img))
			picture, err := img.Picture()
			require.NoError(t, err)
			writePNG(t, filepath.Join(folder, fmt.Sprintf("%03d.png", k)), picture)
		}
	}
}

func writePNG(t *testing.T, path string, m image.Image) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
}

var times = regexp.MustCompile(`"(seconds|images_per_second)": [^,\n]*`)

// untimed is the text of a report without times.
func untimed(text string) string { return times.ReplaceAllString(text, `"$1": 0`) }

// small are the options of a run of a tenth of a second.
const small = " --depth 8 --width 2 --epochs 3 --batch 8 --lr 0.05 "
