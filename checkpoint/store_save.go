package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// File is what a safetensors file of a checkpoint holds.
type File struct {
	State    nn.Visitable
	Metadata map[string]string // of the file; nil: none
}

// Save writes a checkpoint and removes those that Keep does not cover. files are the files NAME.safetensors of it, by
// name, as in "model"; manifest becomes manifest.json unless it is nil. The result is the path of the checkpoint.
//
// The checkpoint appears under its name when all of it is on disk, so it is there whole or not at all, whatever
// interrupts Save; what an interrupted Save left is removed by the next one. One of the same epoch and step stays as it is
// if it is intact, and is replaced if not. If Save fails, older checkpoints are as they were and nothing new stays behind.
func (s Store) Save(r Run, manifest json.RawMessage, files map[string]File) (string, error) {
	r.Version = Version
	path := filepath.Join(s.Dir, r.name())
	if err := s.save(path, r, manifest, files); err != nil {
		return "", fmt.Errorf("checkpoint: saving %s: %w", path, err)
	}
	if err := s.prune(r); err != nil {
		return path, fmt.Errorf("checkpoint: %s is saved, but an older one cannot be removed: %w", path, err)
	}
	return path, nil
}

func (s Store) save(path string, r Run, manifest json.RawMessage, files map[string]File) error {
	if err := os.MkdirAll(s.Dir, 0o777); err != nil {
		return err
	}
	if err := s.removeLeftovers(); err != nil {
		return err
	}
	if _, err := s.open(r); err == nil {
		return nil
	}
	temp := atomicfile.Temporary(path)
	defer os.RemoveAll(temp) // after a panic of a tensor's owner too; not there any more when all went well
	if err := os.Mkdir(temp, 0o777); err != nil {
		return err
	}
	if err := fillDir(temp, r, manifest, files); err != nil {
		return err
	}
	atomicfile.SyncDir(temp)
	if _, err := os.Lstat(path); err == nil { // a damaged one; no system renames a directory over another
		if err := discard(path); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	atomicfile.SyncDir(s.Dir)
	return nil
}

// fillDir writes all files of a checkpoint, and their checksums last.
func fillDir(dir string, r Run, manifest json.RawMessage, files map[string]File) error {
	w := &sums{dir: dir}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.write(name+tensorsSuffix, func(f *os.File) error {
			return atomicfile.Fill(f, func(w io.Writer) error { return safetensors.Write(w, files[name].State, files[name].Metadata) })
		})
		if err != nil {
			return err
		}
	}
	if manifest != nil {
		if err := w.writeJSON(manifestName, manifest); err != nil {
			return err
		}
	}
	if err := w.writeJSON(runName, r); err != nil {
		return err
	}
	return w.finish()
}

// prune removes what is older than r and neither among the newest nor the best. What is newer than r is left: it is
// damaged, or r would not have been reached anew.
func (s Store) prune(r Run) error {
	keep := s.Keep
	if keep <= 0 {
		keep = 3
	}
	runs, err := s.runs()
	if err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(other Run) bool { return r.before(other) })
	best := -1
	var high float64
	lost := map[int]bool{} // those that may be the best for all that is known
	for i, r := range runs {
		switch r, err := s.readRun(r); {
		case err != nil:
			lost[i] = true
		case r.Score != nil && (best < 0 || *r.Score > high):
			best, high = i, *r.Score
		}
	}
	for i, r := range runs[:max(len(runs)-keep, 0)] {
		if i != best && !lost[i] {
			if err := discard(filepath.Join(s.Dir, r.name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// readRun reads where a checkpoint stands, and compares no other file with its checksum.
func (s Store) readRun(r Run) (Run, error) {
	dir := filepath.Join(s.Dir, r.name())
	text, err := smallfile.Read(filepath.Join(dir, sumsName), mostBytes)
	if err != nil {
		return Run{}, err
	}
	sums, err := parseSums(text)
	if err != nil {
		return Run{}, err
	}
	if text, err = smallfile.Read(filepath.Join(dir, runName), mostBytes); err != nil {
		return Run{}, err
	}
	if sum, err := sumOf(bytes.NewReader(text)); err != nil || sum != sums[runName] {
		return Run{}, errors.New("damaged")
	}
	return parseRun(text)
}

// discard removes a checkpoint. It takes the name away first, so that a half-removed one is not taken for damaged.
func discard(path string) error {
	temp := atomicfile.Temporary(path)
	if err := os.Rename(path, temp); err != nil {
		return err
	}
	return os.RemoveAll(temp)
}

// removeLeftovers removes the temporary directories of saves that were interrupted.
func (s Store) removeLeftovers() error {
	all, err := os.ReadDir(s.Dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		if _, ours := position(atomicfile.Original(e.Name())); ours {
			if err := os.RemoveAll(filepath.Join(s.Dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
