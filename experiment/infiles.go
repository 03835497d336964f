package experiment

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/shards"
)

// inFiles tells whether a set's images are files, or lie in archives: the user's own, of any size.
func inFiles(set dataset.Dataset) bool {
	switch set.(type) {
	case *dataset.Files, *shards.Set:
		return true
	}
	return false
}

// fileOf is the file of an image of a set that is inFiles, as LeaveOut has it.
func (s Settings) fileOf(set dataset.Dataset, i int) string {
	path, at := "", ""
	switch set := set.(type) {
	case *dataset.Files:
		path = set.Path(i)
	case *shards.Set:
		name, offset := set.Place(i)
		path, at = name, fmt.Sprintf("@%d", offset)
	}
	if below, err := filepath.Rel(whole(s.Data), whole(path)); err == nil {
		path = below
	}
	return filepath.ToSlash(path) + at
}

// whole is a path from the root, if the working directory is known.
func whole(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// sizeOf reads the head of the file of an image.
func sizeOf(set dataset.Dataset, i int) (width, height int, err error) {
	var head io.Reader
	switch set := set.(type) {
	case *dataset.Files:
		file, err := os.Open(set.Path(i))
		if err != nil {
			return 0, 0, err
		}
		defer file.Close()
		head = file
	case *shards.Set:
		raw, err := set.Encoded(i)
		if err != nil {
			return 0, 0, err
		}
		head = bytes.NewReader(raw)
	}
	c, _, err := image.DecodeConfig(head) // dataset registers the formats
	return c.Width, c.Height, err
}
