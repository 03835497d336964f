package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// checkpoints makes the folder of the run and says what is saved in it. A folder that cannot be written is found here, not
// after an epoch of training.
func (s settings) checkpoints() (c train.Checkpoints, err error) {
	if s.Out == "" {
		return c, nil
	}
	c = train.Checkpoints{Dir: filepath.Join(s.Out, "checkpoints"), EverySteps: s.Every, Resume: s.Resume}
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return c, fmt.Errorf("-out: %w", err)
	}
	earlier, err := checkpoint.Store{Dir: c.Dir}.List()
	if err == nil && len(earlier) > 0 && !s.Resume {
		err = fmt.Errorf("-out %s has the checkpoints of a run: add -resume to go on with it, or choose another folder", s.Out)
	}
	return c, err
}

// begin writes the manifest, unless the run that is gone on with is another: then the error names what differs.
func (s settings) begin(m manifest.Manifest) error {
	if s.Out == "" {
		return nil
	}
	path := filepath.Join(s.Out, "manifest.json")
	text, err := os.ReadFile(path)
	if s.Resume && !errors.Is(err, fs.ErrNotExist) {
		var was manifest.Manifest
		if err == nil {
			was, err = manifest.Decode(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		was.Build, was.Training.ImagesSeen = m.Build, 0 // it may go on with another build
		if all := manifest.Diff(was, m); len(all) > 0 {
			lines := []string{fmt.Sprintf("-out %s is another run, choose another folder. What it was, and what it is now:", s.Out)}
			for _, d := range all {
				lines = append(lines, d.String())
			}
			return errors.New(strings.Join(lines, "\n  "))
		}
	}
	return writeManifest(path, m)
}

func writeManifest(path string, m manifest.Manifest) error {
	text, err := m.Encode()
	if err != nil {
		return err
	}
	return record.Replace(path, text)
}

// probe finds out whether the file of -json can be written; "" is none.
func probe(path string) error {
	if path == "" {
		return nil
	}
	if err := record.Probe(path); err != nil {
		return fmt.Errorf("-json: %w", err)
	}
	return nil
}
