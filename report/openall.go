package report

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
)

// OpenAll opens what paths lead to: folders of runs, folders of such folders, and JSON of comparisons. One run is looked at as by
// Open; of several the figures are enough.
func OpenAll(ctx context.Context, paths []string, s Settings) (all []*Run, err error) {
	var dirs []string // "" for a run that is in no folder
	for _, path := range paths {
		some, err := folders(path)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, some...)
		for range some {
			all = append(all, nil)
		}
		if some != nil {
			continue
		}
		reports, err := experiment.Read(path)
		if err != nil {
			return nil, err
		}
		for _, r := range reports {
			dirs, all = append(dirs, ""), append(all, &Run{Name: fmt.Sprintf("%s-seed-%d", r.Method, r.Seed), Figures: r})
		}
	}
	if len(dirs) == 1 && dirs[0] != "" {
		r, err := Open(ctx, dirs[0], s)
		return []*Run{r}, err
	}
	for i, dir := range dirs {
		if dir == "" {
			continue
		}
		r := &Run{Name: filepath.Base(filepath.Clean(dir))}
		if err := r.read(dir); err != nil {
			return nil, err
		}
		if _, about, err := hybrid.Open(filepath.Join(dir, experiment.ModelFile)); err == nil && r.Classes == nil { // which is there for its names alone
			r.Classes = about.Classes
		}
		all[i] = r
	}
	unique(all, dirs)
	return all, nil
}

// folders are those of runs that a path leads to; none: it is a file.
func folders(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if !info.IsDir() {
		return nil, nil
	}
	if experiment.Exists(path) {
		return []string{path}, nil
	}
	within, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var all []string
	for _, e := range within {
		if dir := filepath.Join(path, e.Name()); e.IsDir() && experiment.Exists(dir) {
			all = append(all, dir)
		}
	}
	if all == nil {
		return nil, fmt.Errorf("report: %s is not the folder of a run, nor are folders in it: there is no %s and no manifest.json", path, experiment.ReportFile)
	}
	return all, nil
}

// unique gives runs of one name their folders' paths for names, or numbers.
func unique(all []*Run, dirs []string) {
	times := map[string]int{}
	for _, r := range all {
		times[r.Name]++
	}
	var taken []string
	for i, r := range all {
		if times[r.Name] > 1 && dirs[i] != "" {
			r.Name = filepath.ToSlash(filepath.Clean(dirs[i]))
		}
		name := r.Name
		for k := 2; slices.Contains(taken, r.Name); k++ {
			r.Name = fmt.Sprintf("%s (%d)", name, k)
		}
		taken = append(taken, r.Name)
	}
}
