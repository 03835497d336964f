// Package atomicfile replaces files in one step: whatever interrupts it, a path has all of the old content or all of the
// new. On an error nothing else stays behind; a killed process may leave a file with Mark in its name.
package atomicfile

import (
	"bufio"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
)

// Write fills a temporary file beside path and renames it when it is complete and on disk. An error of fill ends it, and
// so does a panic.
func Write(path string, fill func(io.Writer) error) error {
	// Only a rename within the directory is one step.
	temp := Temporary(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed {
			f.Close()
			os.Remove(temp)
		}
	}()
	if err := Fill(f, fill); err != nil {
		return err
	}
	if err := f.Close(); err != nil { // Windows renames closed files only
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	renamed = true
	SyncDir(filepath.Dir(path))
	return nil
}

// Fill writes f through a buffer and brings it to the disk.
func Fill(f *os.File, fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// Mark is in the names of temporary files, between the name of the file to come and what tells two of them apart.
const Mark = ".tmp-"

// Temporary returns a name beside path that nobody else uses.
func Temporary(path string) string { return path + Mark + rand.Text()[:8] }

// SyncDir makes a rename last through a power cut where the system can do it; Windows, for one, syncs no directories.
func SyncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
