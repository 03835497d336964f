package checkpoint

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/nn"
)

// Save writes the state of m to the safetensors file path with the given metadata, which may be nil. A file of that name
// is replaced in one step, when the new one is complete and on disk: whatever interrupts Save, path holds all of the old
// or all of the new. On an error, nothing else stays behind.
func Save(path string, m nn.Visitable, metadata map[string]string) error {
	// Only a rename within the directory is one step. The suffix keeps concurrent saves apart.
	temp := path + ".tmp-" + rand.Text()[:8]
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("checkpoint: saving %s: %w", path, err)
	}
	renamed := false
	defer func() { // of a panic in m too
		if !renamed {
			f.Close()
			os.Remove(temp)
		}
	}()
	err = fill(f, m, metadata)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: saving %s: %w", path, err)
	}
	renamed = true
	syncDir(filepath.Dir(path))
	return nil
}

func fill(f *os.File, m nn.Visitable, metadata map[string]string) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w, m, metadata); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes the rename last through a power cut where the system can do it; Windows, for one, syncs no directories.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
