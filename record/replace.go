package record

import (
	"errors"
	"fmt"
	"io"
	"os"

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

// Probe reports why Replace could not write path, before there is anything to write. It leaves nothing behind. The error
// names the path; the caller adds which setting it came from.
func Probe(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: name a file", path)
	}
	temp := atomicfile.Temporary(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(temp))
}
