package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/experiment"
)

// writeJSON prints a value as JSON.
func writeJSON(c *console, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", text)
	return err
}

// writeRun prints what a run reached.
func writeRun(c *console, r *experiment.Report, asJSON bool, dir string) error {
	if asJSON {
		return writeJSON(c, r)
	}
	fmt.Fprintf(c.out, "%-40s %8s %8s %8s %8s %8s\n", "top-1 (%) on the test set", "many", "medium", "few", "all", "average")
	all := []experiment.Figures{r.Figures}
	if r.Last != nil {
		all = append(all, *r.Last)
	}
	for _, f := range all {
		name := r.Method + ", " + f.Weights
		if f.Epoch != nil {
			name += fmt.Sprintf(" (%d)", *f.Epoch+1)
		}
		fmt.Fprintf(c.out, "%-40s %8s %8s %8s %8s %8s\n", name, cell(f.Many), cell(f.Medium), cell(f.Few), cell(f.Top1), cell(f.Top1EMA))
	}
	fmt.Fprintf(c.out, "%.1f images/s, %.1f s of training\n", r.ImagesPerSecond, r.Seconds)
	if r.Error == "" {
		fmt.Fprintf(c.out, "\n%s is the model. Next:\n    longtail evaluate %s\n    longtail predict %s photo.jpg\n", filepath.Join(dir, experiment.ModelFile),
			argument(dir), argument(dir))
	}
	return nil
}

// cell is a figure of a table in percent, n/a for none.
func cell(p *float64) string {
	if p == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", *p)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
