package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/internal/atomicfile"
)

// WritePNG writes the plots of a page as PNG files into a folder, which is made if need be, in place of files of their names. It
// returns their paths.
func WritePNG(dir string, runs ...*Run) (paths []string, err error) {
	p, err := newPage(runs)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	for _, s := range p.Sections {
		for _, c := range s.Charts {
			path := filepath.Join(dir, c.file+".png")
			if err := atomicfile.Write(path, func(w io.Writer) error { return c.png(w) }); err != nil {
				return paths, fmt.Errorf("report: %w", err)
			}
			paths = append(paths, path)
		}
	}
	return paths, nil
}
