package safetensors

import (
	"cmp"
	"fmt"
	"os"
)

// Open opens the safetensors file path, and reads and checks its directory. Tensors are read when they are asked for, so
// that one of them, or the metadata, costs little even in a file of gigabytes. Close it when the last is read. If Save
// replaces the file meanwhile, the old one is still read; Windows refuses to replace a file that is open.
func Open(path string) (*File, error) {
	// Opening a pipe would wait for a writer.
	if stat, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err) // os names the path
	} else if !stat.Mode().IsRegular() {
		return nil, fmt.Errorf("safetensors: %s is not a regular file", path)
	}
	// Read, not mapped into memory: if another program shortened a mapped file, reading it would end this one.
	r, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := openFile(r)
	if err != nil {
		r.Close()
		return nil, err
	}
	return f, nil
}

func openFile(r *os.File) (*File, error) {
	stat, err := r.Stat()
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := read(r, stat.Size(), r.Name())
	if err != nil {
		return nil, err
	}
	f.closer = r
	return f, nil
}

// Close closes the file that Open opened; reading a tensor is an error from then on. After Read it does nothing.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	if err := f.closer.Close(); err != nil {
		return fmt.Errorf("%s: %w", cmp.Or(f.format, "safetensors"), err) // os names the path
	}
	return nil
}
