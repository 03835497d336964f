package pytorch

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/longtail-ml/longtail/safetensors"
)

const format = "pytorch"

// Open opens the file path, which torch.save wrote, and reads the names and shapes in it. Close it when the last tensor is
// read. Errors name the file, and say what in it is damaged or refused.
func Open(path string) (*safetensors.File, error) {
	// Opening a pipe would wait for a writer.
	if stat, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s: %w", format, err) // os names the path
	} else if !stat.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %s is not a regular file", format, path)
	}
	r, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	f, err := openFile(r)
	if err != nil {
		r.Close()
		return nil, err
	}
	return f, nil
}

func openFile(r *os.File) (*safetensors.File, error) {
	stat, err := r.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	tensors, err := read(r, stat.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", format, r.Name(), err)
	}
	return safetensors.NewFile(format, r.Name(), tensors, r)
}

// Read is Open for a file of size bytes that r holds, such as a bytes.Reader of an embedded one. r must stay open as long as
// the tensors are read.
func Read(r io.ReaderAt, size int64) (*safetensors.File, error) {
	tensors, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	return safetensors.NewFile(format, "", tensors, nil)
}

// IsFile reports whether a file that begins with these bytes, 32 or all of it, is one for this package.
func IsFile(begin []byte) bool { return isArchive(begin) || isLegacy(begin) }

func isArchive(begin []byte) bool { return bytes.HasPrefix(begin, []byte("PK\x03\x04")) }

// isLegacy looks for the number that the first pickle holds: a file of another format may begin as a pickle does.
func isLegacy(begin []byte) bool {
	return len(begin) > 0 && begin[0] == 0x80 && bytes.Contains(begin[:min(len(begin), 32)], []byte(legacyNumber))
}

func read(r io.ReaderAt, size int64) ([]safetensors.Tensor, error) {
	begin := make([]byte, min(max(size, 0), 32))
	if err := readFull(r, begin, 0); err != nil {
		return nil, err
	}
	switch {
	case isArchive(begin):
		return readArchive(r, size)
	case isLegacy(begin):
		return readLegacy(r, size)
	}
	return nil, fmt.Errorf("not a file of torch.save: it begins with % x, not as a zip archive or a pickle of it does", begin[:min(len(begin), 8)])
}

// readFull fills b from offset at; an early end is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF || err == nil {
		return fmt.Errorf("truncated: %w: the copy is incomplete", io.ErrUnexpectedEOF)
	}
	return err
}
