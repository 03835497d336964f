package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/longtail-ml/longtail/experiment"
)

// reading are the options that say of a data set what it does not say itself.
type reading struct {
	Columns     string `help:"Of a table: the column of the paths and that of the labels, or those of the classes, each with a 1 for its images (image,MEL,NV or image,* for all others). Names, or numbers from 1." placeholder:"PATH,LABEL" group:"Data"`
	Images      string `help:"Folder where the paths of a table, list or JSON begin (default: found near it)." placeholder:"DIR" group:"Data"`
	Val         string `help:"Table, list, JSON or tar archives of the validation set (default: named as --data but for val)." placeholder:"FILE" group:"Data"`
	Test        string `help:"Table, list, JSON or tar archives of the test set (default: named as --data but for test)." placeholder:"FILE" group:"Data"`
	Label       string `help:"Of tar archives: the field of a sample's .json that has its label (default: its .cls, or .txt)." placeholder:"FIELD" group:"Data"`
	Names       string `help:"File with the names of the classes: one a line, or JSON (default: categories.json beside JSON)." placeholder:"FILE" group:"Data"`
	Nested      string `help:"Folders in class folders: deep if the outer one is the class, leaves if that is the one that images lie in." enum:",deep,leaves" default:"" placeholder:"HOW" group:"Data"`
	Boxes       bool   `help:"Cut every box of COCO's JSON out, as an image of its own." group:"Data"`
	SkipUnclear bool   `help:"Leave out images without a label, with several, or of an unknown class." group:"Data"`
}

// settings makes the paths whole, for a run that goes on from elsewhere.
func (r reading) settings() (s experiment.Reading, err error) {
	for _, path := range []*string{&r.Images, &r.Val, &r.Test, &r.Names} {
		if *path != "" {
			if *path, err = filepath.Abs(*path); err != nil {
				return s, err
			}
		}
	}
	return experiment.Reading{Columns: list(r.Columns), Images: r.Images, Validation: r.Val, Test: r.Test, Names: r.Names, Nested: r.Nested, Crop: r.Boxes,
		Label: r.Label, SkipUnclear: r.SkipUnclear, Cache: indices()}, nil
}

// words are the options that were given, for a command line.
func (r reading) words() (line string) {
	for _, o := range []struct{ name, value string }{{"columns", r.Columns}, {"images", r.Images}, {"val", r.Val}, {"test", r.Test}, {"label", r.Label},
		{"names", r.Names}, {"nested", r.Nested}} {
		if o.value != "" {
			line += " --" + o.name + " " + argument(o.value)
		}
	}
	if r.Boxes {
		line += " --boxes"
	}
	if r.SkipUnclear {
		line += " --skip-unclear"
	}
	return line
}

// listing adds to the error of images that cannot be read what may help.
func listing(err error, data string) error {
	if err == nil || data == "" || errors.Is(err, context.Canceled) {
		return err
	}
	var columns *annotation.ColumnsError
	var missing *dataset.MissingError
	help := fmt.Sprintf("longtail data %s lists what is there, and all files that cannot be read; --skip-bad leaves these out", data)
	switch {
	case errors.As(err, &columns):
		help = "--columns " + argument(columns.Columns[0]) + ",… names them"
	case errors.As(err, &missing):
		help = "--images names the folder"
	case errors.Is(err, annotation.ErrUnclear):
		help = "--skip-unclear leaves such images out"
	case errors.Is(err, source.ErrParquet):
		return err // says what to do
	case errors.Is(err, dataset.ErrNested):
		help = "--nested deep or --nested leaves"
	case errors.Is(err, dataset.ErrClassesDiffer):
		help = "--allow-missing lets classes be missing from other sets than the training set"
	}
	return fmt.Errorf("%w\n(%s)", err, help)
}
