package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/manifest"
)

// Settings say how Open and Evaluate look at a run.
type Settings struct {
	FiguresOnly bool // do not test the model once more: the page has the figures that training left
	Points      int  // images in two dimensions; 0 means 5,000
	Neighbors   int  // training images that mistakes are compared with, equally many of each class; 0 means 10,000
	Pictures    int  // images that are shown of each kind of mistake; 0 means 24
}

// Open reads the folder of a run, finished or not, and tests its model on the run's images, if both are there: what stands in the
// way of that is one of the run's Notes. A folder that is no run's is an error.
func Open(ctx context.Context, dir string, s Settings) (*Run, error) {
	r := &Run{Name: filepath.Base(filepath.Clean(dir))}
	if err := r.read(dir); err != nil {
		return nil, err
	}
	if s.FiguresOnly {
		r.note("The model was not tested once more, as was asked for: there are no confusion, calibration, embeddings and images.")
		return r, nil
	}
	return r, r.test(ctx, dir, s)
}

func (r *Run) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// read reads the figures.
func (r *Run) read(dir string) error {
	path := filepath.Join(dir, experiment.ReportFile)
	switch err := readJSON(path, &r.Figures); {
	case errors.Is(err, fs.ErrNotExist):
		m := filepath.Join(dir, "manifest.json")
		text, err := smallfile.Read(m, mostBytes)
		if err != nil {
			return fmt.Errorf("report: %s is not the folder of a run: it has neither %s nor manifest.json: %w", dir, experiment.ReportFile, err)
		}
		if r.Figures.Manifest, err = manifest.Decode(text); err != nil {
			return fmt.Errorf("report: %s: %w", m, err)
		}
		r.Figures.Method, r.Figures.Seed = r.Figures.Manifest.Training.Method, r.Figures.Manifest.Training.Seed
		r.Figures.Title = r.Figures.Method
		r.note("The run is not finished: there is no %s, so no final figures.", experiment.ReportFile)
	case err != nil:
		return err
	case r.Figures.Manifest.Version != manifest.Version:
		return fmt.Errorf("report: %s has a manifest of version %d, not %d: it must be what a run wrote", path, r.Figures.Manifest.Version, manifest.Version)
	case r.Figures.Error != "":
		r.note("The run ended early: %s.", r.Figures.Error)
	}
	if len(r.counts()) == 0 {
		return fmt.Errorf("report: %s says of no class how many training images it has", path)
	}
	var err error
	if r.Curves, err = ReadCurves(filepath.Join(dir, "metrics.csv")); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	r.Classes = r.Figures.Manifest.Data.Classes
	return err
}

// begun is what a page reads of the settings of a run or a comparison: what longtail train and compare keep.
type begun struct {
	Settings *experiment.Settings `json:"settings"`
}

// test adds what the model says of the images.
func (r *Run) test(ctx context.Context, dir string, s Settings) error {
	net, about, err := hybrid.Open(filepath.Join(dir, experiment.ModelFile))
	if err != nil {
		r.note("The model was not tested once more, so there are no confusion, calibration, embeddings and images: %v.", err)
		return nil
	}
	if about.Classes != nil {
		r.Classes = about.Classes
	}
	d, err := r.data(ctx, dir)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.note("The model was not tested once more, so there are no confusion, calibration, embeddings and images: %v.", err)
		return nil
	}
	defer d.Close()
	var notes []string
	r.Test, notes, err = Evaluate(ctx, net, Sets{Train: d.Train, Held: d.Held, Test: d.Test}, s)
	r.Notes = append(r.Notes, notes...)
	if err != nil {
		return err
	}
	bank, err := learned(dir, net.Classes())
	if err != nil {
		r.note("The prototypes of the newest checkpoint are left out: %v.", err)
	}
	r.Test.Prototypes = append(bank, r.Test.Prototypes...)
	return nil
}

// data opens the images of the run, by the settings in its folder, or in that of the comparison it is a part of.
func (r *Run) data(ctx context.Context, dir string) (*experiment.Data, error) {
	var b begun
	err := readJSON(filepath.Join(dir, experiment.SettingsFile), &b)
	if errors.Is(err, fs.ErrNotExist) {
		err = readJSON(filepath.Join(filepath.Dir(filepath.Clean(dir)), experiment.SettingsFile), &b)
	}
	if err == nil && b.Settings == nil || errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("no %s in %s, or in the folder above, says where the images are", experiment.SettingsFile, dir)
	}
	if err != nil {
		return nil, err
	}
	d, err := b.Settings.Open(ctx, r.Figures.Seed)
	if err != nil {
		return nil, err
	}
	if err := d.CheckTest(dir); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func readJSON(path string, into any) error {
	text, err := smallfile.Read(path, mostBytes)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("report: %s: %w", path, err)
	}
	return nil
}
