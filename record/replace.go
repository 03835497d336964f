package record

import (
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/internal/atomicfile"
)

// Replace writes a file in one step, as a report or a table that a run rewrites: whatever interrupts it, path has all of
// the old content or all of the new. On an error nothing else stays behind. A file that was there keeps its mode and owner,
// one that is read-only stays as it is, links are followed, and devices and FIFOs are written into.
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

// Probe reports why Replace could not write path, before there is anything to write. It leaves nothing behind. The error
// names the path; the caller adds which setting it came from.
func Probe(path string) error { return atomicfile.Probe(path) }
