package experiment

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/source"
)

// origin is a data set as it is, before a long tail is cut.
type origin struct {
	name              string // in manifests
	train, held, test dataset.Dataset
	testSum           string   // of a test set that was split off
	files             bool     // of images, which are what the user has
	ids               []string // of the classes, in annotation files
	size, largest     int
	crop              string  // resized or padded
	pixels            float64 // of an image as it lies in the folder, in the mean
	normalize         augment.Normalize
	derived           []string
	leftOut           []string // of Settings.LeaveOut
}

// origin finds or generates the images.
func (s Settings) origin(ctx context.Context, seed uint64) (f origin, err error) {
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
		f.files, f.size, f.train, f.held, f.test = true, 0, all.Train, all.Validation, all.Test
		f.testSum, f.normalize, f.derived = all.testSum, all.normalize, all.derived
		return f, nil
	}
	how, err := s.reading()
	if err != nil {
		return f, err
	}
	how.Fit, how.SplitSettings.Index = dataset.Whole, dataset.IndexFile
	data, err := source.Open(ctx, s.Data, how)
	if err == nil && s.Size != 0 {
		if m, ok := data.Train.(*dataset.Memory); ok && (m.Shape().Height != s.Size || m.Shape().Width != s.Size) {
			how.Fit, how.Width = dataset.CenterCrop, s.Size
			data, err = source.Open(ctx, s.Data, how)
		}
	}
	if err != nil {
		return f, err
	}
	f.derived, f.ids = data.Found, data.ClassIDs
	if train, ok := data.Train.(*dataset.Memory); ok {
		if s.Crop == "resized" {
			return f, fmt.Errorf("experiment: crop resized is for files of photographs, and the images of %s are %s", s.Data, train.Shape())
		}
		if f.size = train.Shape().Height; train.Shape().Width != f.size {
			return f, fmt.Errorf("experiment: the images of %s are %s: choose a size, to which they are brought", s.Data, train.Shape())
		}
	}
	if inFiles(data.Train) {
		f.look(data.Train, s)
		if f.crop != "resized" {
			if err := data.Scaled(dataset.Scale{Height: f.size, Width: f.size}); err != nil {
				return f, err
			}
		}
	}
	for _, part := range []struct{ to, from *dataset.Dataset }{{&f.train, &data.Train}, {&f.test, &data.Test}, {&f.held, &data.Validation}} {
		if *part.from == nil {
			continue
		}
		if *part.to, err = s.without(&f, *part.from, part.to == &f.train); err != nil {
			return f, err
		}
	}
	switch {
	case f.test == nil:
		if err := f.split(); err != nil {
			return f, err
		}
	case f.held != nil:
		f.derived = append(f.derived, "validation set: there is one, so nothing is held out of training")
	}
	return f, f.deriveNormalize(ctx, s)
}

// look derives size and crop from image files.
func (f *origin) look(images dataset.Dataset, s Settings) {
	f.files = true
	f.deriveSize(images)
	if f.crop == "" {
		f.crop = "padded"
		if s.Backbone == "resnet" && s.Views == "plain" {
			f.crop = "resized"
			f.derived = append(f.derived, "crop resized: the backbone is for photographs, so training sees random boxes of whole images, and evaluation "+
				"the middle of images that are a little larger")
		}
	}
}

// testFraction of the images become the test set where there is none.
const testFraction = 0.2

// split makes a training and a test set. All seeds have the same test set.
func (f *origin) split() (err error) {
	if f.train, f.test, err = dataset.Holdout(f.train, dataset.HoldoutSettings{Fraction: testFraction, Min: 1}); err != nil {
		return err
	}
	f.derived = append(f.derived, fmt.Sprintf("no test set: %d images, a fifth of each class, are it", f.test.Len()))
	f.testSum, err = sumOf(f.test)
	return err
}
