// Package smallfile reads files that are small when they are right: descriptions, tables, lists of names. What is larger, or
// no plain file, is an error before its content takes memory, or a pipe's writer time.
package smallfile

import (
	"fmt"
	"io"
	"os"
)

// Read returns the content of a file of at most so many bytes. Errors name the path, and wrap those of package os.
func Read(path string, most int64) ([]byte, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !stat.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if stat.Size() > most {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read: it is not what it should be", path, stat.Size(), most)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // it may have grown
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes: it is not what it should be", path, most)
	}
	return text, nil
}
