package record

import (
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/internal/atomicfile"
)

// Replace writes a file in one step, as a report or a table that a run rewrites: whatever interrupts it, path has all of
// the old content or all of the new. On an error nothing else stays behind.
func Replace(path string, content []byte) error {
	err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err != nil {
		return fmt.Errorf("record: writing %s: %w", path, err)
	}
	return nil
}
