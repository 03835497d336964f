package experiment

import (
	"context"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/dataset/source"
)

// BadImage is an image file that cannot be read.
type BadImage struct {
	File  string // its path below Settings.Data, with slashes, and behind that of an archive @ and the offset, as in Settings.LeaveOut
	Class string
	Err   error // names the file
}

// FindBad reads all image files once and returns those that cannot be read, for LeaveOut. Other data have none.
// progress, if not nil, is called now and then with how many of a part's are done.
func (s Settings) FindBad(ctx context.Context, progress func(part string, done, of int)) (all []BadImage, err error) {
	if s.Data == "" {
		return nil, nil
	}
	if _, err := OpenFeatures(s.Data); !errors.Is(err, features.ErrNone) { // read whole when they are opened
		return nil, err
	}
	how, err := s.reading()
	if err != nil {
		return nil, err
	}
	how.Fit, how.AllowMissing = dataset.Whole, true
	data, err := source.Open(ctx, s.Data, how)
	if err != nil {
		return nil, err
	}
	if err := data.Scaled(dataset.Scale{Height: 8, Width: 8}); err != nil { // the smaller, the faster
		return nil, err
	}
	for _, part := range []struct {
		name string
		set  dataset.Dataset
	}{{"train", data.Train}, {"test", data.Test}, {"val", data.Validation}} {
		if !inFiles(part.set) {
			continue
		}
		bad, err := dataset.Check(ctx, part.set, func(done int) {
			if progress != nil {
				progress(part.name, done, part.set.Len())
			}
		})
		if err != nil {
			return nil, err
		}
		for _, b := range bad {
			all = append(all, BadImage{s.fileOf(part.set, b.Index), part.set.Classes()[b.Label], b.Err})
		}
	}
	return all, nil
}

// without leaves the files of LeaveOut out of a set, and notes those that it had. A class that has no others is an error, but
// for AllowMissing in parts that nothing is trained on.
func (s Settings) without(f *origin, images dataset.Dataset, trained bool) (dataset.Dataset, error) {
	if len(s.LeaveOut) == 0 || !inFiles(images) {
		return images, nil
	}
	out := map[string]bool{}
	for _, name := range s.LeaveOut {
		out[name] = true
	}
	var bad []dataset.Bad
	var left []int
	for i := range images.Len() {
		name := s.fileOf(images, i)
		if !out[name] {
			left = append(left, i)
			continue
		}
		f.leftOut = append(f.leftOut, name)
		bad = append(bad, dataset.Bad{Index: i, Label: images.Label(i), Err: fmt.Errorf("%s is left out", name)})
	}
	if s.AllowMissing && !trained {
		return dataset.Subset(images, left)
	}
	return dataset.Without(images, bad)
}
