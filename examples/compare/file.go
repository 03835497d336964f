package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
)

// file is the JSON.
type file struct {
	Settings *settings `json:"settings,omitempty"` // of the runs that were not joined by -with; nil with -methods none
	Unit     string    `json:"unit"`
	Error    string    `json:"error,omitempty"` // what stopped the comparison before its end
	Table    []row     `json:"table"`
	Runs     []result  `json:"runs"`
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

// earlier returns the runs of the files of -with. The one that -json is to write need not be there before the first start.
func earlier(s settings) (all []result, err error) {
	for _, path := range s.With {
		runs, err := runsOf(path)
		if errors.Is(err, fs.ErrNotExist) && len(s.Methods) > 0 && filepath.Clean(path) == filepath.Clean(s.JSON) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return all, nil
}

func runsOf(path string) ([]result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-with: %w", err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("-with %s: %w", path, err)
	}
	if len(f.Runs) == 0 {
		return nil, fmt.Errorf("-with %s: has no runs: it must be what -json wrote", path)
	}
	for i, r := range f.Runs {
		if r.Manifest.Version != manifest.Version || r.Method == "" || r.Top1 == nil {
			return nil, fmt.Errorf("-with %s: runs[%d] lacks its method, its accuracy or a manifest of version %d: it must be what -json wrote",
				path, i, manifest.Version)
		}
		f.Runs[i].from = path
	}
	return f.Runs, nil
}

// write replaces the file of -json, if there is one to be, by this comparison, or leaves it.
func write(s settings, runs []result, stopped error) error {
	if s.JSON == "" {
		return nil
	}
	t, err := newTable(runs, s.Show, stopped == nil)
	if err != nil {
		return err
	}
	if s.Data != "" {
		s.Data = filepath.Base(s.Data)
	}
	f := file{Unit: "percent", Table: t.rows, Runs: runs}
	if len(s.Methods) > 0 {
		f.Settings = &s
	}
	if stopped != nil {
		f.Error = stopped.Error()
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return record.Replace(s.JSON, append(text, '\n'))
}
