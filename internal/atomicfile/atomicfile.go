// Package atomicfile replaces files in one step: whatever interrupts it, a path has all of the old content or all of the
// new. On an error nothing else stays behind; a killed process may leave a file with Mark in its name.
//
// A file that is replaced keeps its mode and owner, and stays where a link leads. One that nobody may write to is not
// replaced. What is no regular file, such as a device or a FIFO, is written into.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Write fills a temporary file beside path and renames it when it is complete and on disk. An error of fill ends it, and
// so does a panic. Where the owner cannot be kept or no file can take the place of the old one, as of one that is mounted,
// the complete file is copied into the old one.
func Write(path string, fill func(io.Writer) error) error {
	to, err := find(path)
	if err != nil {
		return err
	}
	if to.into {
		return writeInto(to.path, fill)
	}
	// Only a rename within the directory is one step.
	temp := Temporary(to.path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, to.perm())
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
	alike := to.old == nil || makeAlike(f, to.old)
	if err := f.Close(); err != nil { // Windows renames closed files only
		return err
	}
	if !alike {
		return copyInto(to.path, temp)
	}
	if err := os.Rename(temp, to.path); errors.Is(err, syscall.EBUSY) {
		return copyInto(to.path, temp)
	} else if err != nil {
		return err
	}
	renamed = true
	SyncDir(filepath.Dir(to.path))
	return nil
}

// Fill writes f through a buffer and brings it to the disk.
func Fill(f *os.File, fill func(io.Writer) error) error {
	if err := buffered(f, fill); err != nil {
		return err
	}
	return f.Sync()
}

func buffered(f *os.File, fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	return w.Flush()
}

// readerWait is how long a FIFO waits for its reader.
const readerWait = 10 * time.Second

// writeInto writes what is no regular file, of which the system keeps no old content.
func writeInto(path string, fill func(io.Writer) error) error {
	f, err := openInto(path, readerWait)
	if err != nil {
		return err
	}
	return errors.Join(buffered(f, fill), f.Close())
}

// copyInto puts the content of a complete file into another. It is not one step.
func copyInto(path, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Sync(), f.Close())
}

// SyncDir makes a rename last through a power cut where the system can do it; Windows, for one, syncs no directories.
func SyncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
