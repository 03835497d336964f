package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrParquet is wrapped by errors about Parquet files, which this package finds and leaves to dataset/parquet.
var ErrParquet = errors.New("a Parquet file")

func isParquet(path string) bool { return strings.EqualFold(filepath.Ext(path), ".parquet") }

// parquetIn returns a Parquet file of a folder, or of its folder data, where Hugging Face's data sets have theirs; "": there is none.
func parquetIn(dir string) string {
	for _, at := range []string{dir, filepath.Join(dir, "data")} {
		entries, _ := os.ReadDir(at) // none, if it is none
		for _, e := range entries {
			if isParquet(e.Name()) {
				return filepath.Join(at, e.Name())
			}
		}
	}
	return ""
}

func errParquet(path string) error {
	return fmt.Errorf("source: %s is %w, which dataset/parquet reads (in Go: parquet.Open) and this package does not, for what it takes to read one would "+
		"be in every program: go run github.com/longtail-ml/longtail/examples/parquet makes tar archives of them", path, ErrParquet)
}
