package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
)

// planned is the manifest of the run before it is known what was seen: the same for one that goes on.
func (r *Run) planned() manifest.Manifest {
	m := r.Manifest
	m.Training.ImagesSeen = 0
	return m
}

func readManifest(dir string) (*manifest.Manifest, error) {
	path := filepath.Join(dir, manifestFile)
	text, err := smallfile.Read(path, mostBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	m, err := manifest.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("experiment: %s: %w", path, err)
	}
	return &m, nil
}

// byAnother adds to the error of a run that does not go on which build began it, if that is another: it can finish it.
func (r *Run) byAnother(err error) error {
	if err == nil || r.Dir == "" {
		return err
	}
	was, failed := readManifest(r.Dir)
	if failed != nil || was == nil || was.Build == r.Manifest.Build {
		return err
	}
	from := was.Build.Module
	if was.Build.Revision != "" {
		from = "revision " + was.Build.Revision
	}
	return fmt.Errorf("%w\n(another build began the run: %s, %s, %s; that one can finish it)", err, from, was.Build.Go, was.Build.CPULevel)
}

func writeManifest(dir string, m manifest.Manifest) error {
	text, err := m.Encode()
	if err != nil {
		return err
	}
	return record.Replace(filepath.Join(dir, manifestFile), text)
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("experiment: %s: %w", path, err)
	}
	return record.Replace(path, append(text, '\n'))
}
