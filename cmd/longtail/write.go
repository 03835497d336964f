package main

import (
	"encoding/json"
	"fmt"
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
	if err := r.Write(c.out); err != nil {
		return err
	}
	if r.Error == "" {
		fmt.Fprintf(c.out, "\n%s is the model. Next:\n    longtail evaluate %s\n    longtail predict %s photo.jpg\n    longtail report %s\n", filepath.Join(dir, experiment.ModelFile),
			argument(dir), argument(dir), argument(dir))
	}
	return nil
}
