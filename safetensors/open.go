package safetensors

import (
	"fmt"
	"os"
)

// Open opens the safetensors file path, and reads and checks its directory: of a file of gigabytes, metadata or one
// tensor cost no more than their own size. Close it when the last tensor is read. A file that Save replaces meanwhile is
// read on as it was, except on Windows, which refuses to replace it.
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
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}
