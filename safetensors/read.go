package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
)

// maxHeader is the format's limit, in bytes.
const maxHeader = 100_000_000

// File is the directory of a safetensors file; the tensors' values are read when asked for, by any number of goroutines.
type File struct {
	Metadata map[string]string // free text of the writer; nil if there is none
	Tensors  []Tensor          // in the order of their values in the file

	format string // for errors; empty: safetensors
	name   string // for errors; empty if the file has none
	r      io.ReaderAt
	data   int64     // where the tensors begin in r
	closer io.Closer // of Open and NewFile; nil after Read
}

// Read reads and checks the directory of the safetensors file of size bytes that r holds: from an os.File, or from a
// bytes.Reader of an embedded file. r must stay open as long as the tensors are read. Errors tell what is wrong with the
// file, at which tensor.
func Read(r io.ReaderAt, size int64) (*File, error) { return read(r, size, "") }

func read(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, r: r}
	header, err := f.header(size)
	if err != nil {
		return nil, err
	}
	if err := f.parse(header); err != nil {
		return nil, err
	}
	f.data = 8 + int64(len(header))
	if err := f.checkOffsets(size - f.data); err != nil {
		return nil, err
	}
	for i := range f.Tensors {
		f.Tensors[i].file = f
	}
	return f, nil
}

// header returns the bytes of the JSON header.
func (f *File) header(size int64) ([]byte, error) {
	if size < 8 {
		return nil, f.errorf("truncated: a safetensors file has at least 8 bytes, this one has %d", max(size, 0))
	}
	var first [9]byte
	n := min(size, int64(len(first)))
	if err := readFull(f.r, first[:n], 0); err != nil {
		return nil, f.errorf("reading the header's length: %w", err)
	}
	if string(first[:4]) == "PK\x03\x04" {
		return nil, f.errorf("not a safetensors file but a zip archive, as torch.save writes: " +
			"open it with package pytorch")
	}
	length := binary.LittleEndian.Uint64(first[:8])
	if length > maxHeader || length < 2 || n == 9 && first[8] != '{' {
		return nil, f.errorf("not a safetensors file: it begins with % x, not with a header's length and {", first[:n])
	}
	if int64(length) > size-8 {
		return nil, f.errorf("truncated: the header has %d bytes, the file %d after its length: the copy is incomplete",
			length, size-8)
	}
	header := make([]byte, length)
	if err := readFull(f.r, header, 8); err != nil {
		return nil, f.errorf("reading the header: %w", err)
	}
	return header, nil
}

func (f *File) errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	kind := cmp.Or(f.format, "safetensors")
	if f.name == "" {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return fmt.Errorf("%s: %s: %w", kind, f.name, err)
}

// readFull fills b from offset at; an early end is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF || err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
