package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Files is an Observer that keeps the figures of Scalars in a folder: those of steps in steps.csv, those of epochs in
// metrics.csv, and both for TensorBoard in tensorboard. What the files have of later steps than the run begins with goes.
type Files struct {
	Dir string // that of the run; made if need be

	open Scalars
}

// Begin opens the files.
func (f *Files) Begin(epochs, steps int) (err error) {
	if f.Dir == "" {
		return errors.New("record: Files.Dir is empty: name the folder of the run")
	}
	if err := os.MkdirAll(f.Dir, 0o777); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if f.open.Steps, err = f.resume("steps", steps); err == nil {
		f.open.Epochs, err = f.resume("metrics", epochs)
	}
	if err != nil {
		return errors.Join(err, f.End())
	}
	return nil
}

func (f *Files) resume(name string, at int) (Recorder, error) {
	table, err := ResumeCSV(filepath.Join(f.Dir, name+".csv"), at)
	if err != nil {
		return nil, err
	}
	board, err := ResumeTensorBoard(filepath.Join(f.Dir, "tensorboard", name), at)
	if err != nil {
		return nil, errors.Join(err, table.Close())
	}
	return Multi(table, board), nil
}

// Step records the figures of a step.
func (f *Files) Step(s State) error { return f.open.Step(s) }

// Epoch records those of an epoch.
func (f *Files) Epoch(e Epoch) error { return f.open.Epoch(e) }

// Flush puts them on disk.
func (f *Files) Flush() error { return f.open.Flush() }

// End closes the files.
func (f *Files) End() error {
	err := f.open.each(Recorder.Close)
	f.open = Scalars{}
	return err
}
