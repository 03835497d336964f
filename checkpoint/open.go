package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// Checkpoint is a checkpoint that was found intact.
type Checkpoint struct {
	Path     string          // of its directory
	Run      Run             // where the run stood
	Manifest json.RawMessage // manifest.json; nil if there is none

	sums map[string]string
}

// mostBytes is what a file of a checkpoint may have that is no tensors.
const mostBytes = 1 << 28

// Open reads the checkpoint in the directory path and compares every file with its checksum. What is missing, damaged,
// of another version or foreign is an error that names the file.
func Open(path string) (*Checkpoint, error) {
	text, err := smallfile.Read(filepath.Join(path, sumsName), mostBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("checkpoint: %s: has no file %s: it is no checkpoint, or an incomplete copy of one", path, sumsName)
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	c := &Checkpoint{Path: path}
	if c.sums, err = parseSums(text); err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", filepath.Join(path, sumsName), err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if text, err = smallfile.Read(filepath.Join(path, runName), mostBytes); err == nil {
		c.Run, err = parseRun(text)
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", filepath.Join(path, runName), err)
	}
	if c.sums[manifestName] != "" {
		if c.Manifest, err = smallfile.Read(filepath.Join(path, manifestName), mostBytes); err != nil {
			return nil, fmt.Errorf("checkpoint: %w", err)
		}
		if !json.Valid(c.Manifest) {
			return nil, fmt.Errorf("checkpoint: %s: not valid JSON", filepath.Join(path, manifestName))
		}
	}
	return c, nil
}

// check compares the directory with the checksums. Names that begin with a dot are the file manager's.
func (c *Checkpoint) check() error {
	all, err := os.ReadDir(c.Path)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	present := map[string]bool{}
	for _, e := range all {
		present[e.Name()] = true
		if c.sums[e.Name()] == "" && e.Name() != sumsName && !strings.HasPrefix(e.Name(), ".") {
			return fmt.Errorf("checkpoint: %s: foreign: %s does not list it: move it elsewhere", filepath.Join(c.Path, e.Name()), sumsName)
		}
	}
	for _, name := range append([]string{runName}, slices.Sorted(maps.Keys(c.sums))...) {
		path := filepath.Join(c.Path, name)
		if c.sums[name] == "" {
			return fmt.Errorf("checkpoint: %s: %s does not list it: this is no checkpoint of a run", path, sumsName)
		}
		if !present[name] {
			return fmt.Errorf("checkpoint: %s: missing: the copy is incomplete", path)
		}
		if err := checkSum(path, c.sums[name]); err != nil {
			return fmt.Errorf("checkpoint: %s: %w", path, err)
		}
	}
	return nil
}

// checkSum says what is wrong with a file that has another checksum.
func checkSum(path, want string) error {
	if stat, err := os.Stat(path); err != nil || !stat.Mode().IsRegular() {
		return errors.Join(err, errors.New("not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum, err := sumOf(f)
	if err != nil || sum == want {
		return err
	}
	text := fmt.Sprintf("damaged: its SHA-256 is %s…, that of the saved file %s…", sum[:8], want[:8])
	if strings.HasSuffix(path, tensorsSuffix) { // which can tell more
		if f, err := safetensors.Open(path); err == nil {
			f.Close()
		} else {
			text += " (" + strings.TrimPrefix(err.Error(), "safetensors: "+path+": ") + ")"
		}
	}
	return errors.New(text)
}

// Load is safetensors.Load for the file NAME.safetensors of the checkpoint.
func (c *Checkpoint) Load(name string, m nn.Visitable) error {
	if !c.Has(name) {
		return fmt.Errorf("checkpoint: %s: has no file %s%s", c.Path, name, tensorsSuffix)
	}
	_, err := safetensors.Load(filepath.Join(c.Path, name+tensorsSuffix), m)
	return err
}

// Has reports whether the checkpoint has a file NAME.safetensors.
func (c *Checkpoint) Has(name string) bool { return c.sums[name+tensorsSuffix] != "" }
