package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

// source is a data set as it is, before a long tail is cut.
type source struct {
	name              string // in manifests
	train, held, test dataset.Dataset
	testSum           string // of a test set that was split off
	folders           bool   // of classes, in which the images are what the user has
	size, largest     int
	crop              string  // resized or padded
	pixels            float64 // of an image as it lies in the folder, in the mean
	normalize         augment.Normalize
	derived           []string
	leftOut           []string // of Settings.LeaveOut
}

// source finds or generates the images.
func (s Settings) source(ctx context.Context, seed uint64) (f source, err error) {
	if s.Data == "" {
		f.size = s.Size
		if f.size == 0 {
			f.size = 16
		}
		f.name = fmt.Sprintf("generated, seed %d", seed)
		if f.train, f.test, err = dataset.Generate(dataset.GenerateSettings{Size: f.size, Seed: seed}); err != nil {
			return f, err
		}
		f.normalize, err = augment.NormalizeOf(ctx, f.train)
		return f, err
	}
	f.name, f.size, f.largest, f.crop = nameOf(s.Data), s.Size, 64, s.Crop
	if s.Backbone == "resnet" {
		f.largest = 224
	}
	if all, err := s.features(ctx); all != nil || err != nil {
		if err != nil {
			return f, err
		}
		f.folders, f.size, f.train, f.held, f.test = true, 0, all.Train, all.Validation, all.Test
		f.testSum, f.normalize, f.derived = all.testSum, all.normalize, all.derived
		return f, nil
	}
	trainDir, testDir, heldDir := parts(s.Data)
	whole := dataset.FolderSettings{Fit: dataset.Whole, Index: dataset.IndexFile}
	if testDir == "" { // CIFAR, or class folders alone
		f.train, f.test, err = dataset.Open(s.Data, dataset.FolderSettings{Width: s.Size})
		if err == nil {
			if s.Crop == "resized" {
				return f, fmt.Errorf("experiment: crop resized is for class folders of photographs, and %s is none", s.Data)
			}
			f.size = 32
			f.normalize, err = augment.NormalizeOf(ctx, f.train)
			return f, err
		}
		folder, failed := dataset.OpenFolder(trainDir, whole)
		if failed != nil {
			return f, err
		}
		return f, s.split(ctx, &f, folder)
	}
	all, err := dataset.OpenSplit(s.Data, dataset.SplitSettings{FolderSettings: whole, AllowMissing: s.AllowMissing})
	if err != nil {
		return f, err
	}
	f.look(all.Train, s)
	for _, part := range []struct{ to, from *dataset.Dataset }{{&f.train, &all.Train}, {&f.test, &all.Test}, {&f.held, &all.Validation}} {
		if *part.from == nil {
			continue
		}
		scaled, err := f.scaled(*part.from)
		if err == nil {
			*part.to, err = s.without(&f, scaled, part.to == &f.train)
		}
		if err != nil {
			return f, err
		}
	}
	if f.held != nil {
		f.derived = append(f.derived, fmt.Sprintf("validation set %s, so that nothing is held out of training", filepath.Base(heldDir)))
	}
	return f, f.deriveNormalize(ctx)
}

// look derives size and crop from the images of a folder.
func (f *source) look(images dataset.Dataset, s Settings) {
	f.folders = true
	f.deriveSize(images)
	if f.crop == "" {
		f.crop = "padded"
		if s.Backbone == "resnet" && s.Views != "paper" {
			f.crop = "resized"
			f.derived = append(f.derived, "crop resized: the backbone is for photographs, so training sees random boxes of whole images, and evaluation "+
				"the middle of images that are a little larger")
		}
	}
}

// scaled brings the images of a folder to size, or leaves them whole.
func (f *source) scaled(images dataset.Dataset) (dataset.Dataset, error) {
	files, ok := images.(*dataset.Files)
	if !ok || f.crop == "resized" {
		return images, nil
	}
	return files.Scaled(dataset.Scale{Height: f.size, Width: f.size})
}

// parts returns the folders of a data set's parts, "" for those that are not there. Without a folder train, dir is that.
func parts(dir string) (train, test, held string) {
	train = filepath.Join(dir, "train")
	if !isDir(train) {
		return dir, "", ""
	}
	for _, name := range []string{"test", "testing", "val", "valid", "validation"} { // as dataset.OpenSplit has them
		path := filepath.Join(dir, name)
		switch {
		case !isDir(path):
		case test == "":
			test = path
		case held == "":
			held = path
		}
	}
	return train, test, held
}

// testFraction of the images become the test set where there is none.
const testFraction = 0.2

// split makes a training and a test set of class folders. All seeds have the same test set.
func (s Settings) split(ctx context.Context, f *source, folder *dataset.Folder) error {
	f.look(folder, s)
	all, err := f.scaled(folder)
	if err == nil {
		all, err = s.without(f, all, true)
	}
	if err != nil {
		return err
	}
	if f.train, f.test, err = dataset.Holdout(all, dataset.HoldoutSettings{Fraction: testFraction, Min: 1}); err != nil {
		return err
	}
	f.derived = append(f.derived, fmt.Sprintf("no folder test: %d images, a fifth of each class, are the test set", f.test.Len()))
	if f.testSum, err = sumOf(f.test); err != nil {
		return err
	}
	return f.deriveNormalize(ctx)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
