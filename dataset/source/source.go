package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/longtail-ml/longtail/dataset/shards"
)

// Settings say how a data set is read. The zero value finds out what it can.
type Settings struct {
	dataset.SplitSettings                     // Classes must be nil
	Annotation            annotation.Settings // of tables, lists and JSON; Classes and Names must be nil
	Validation, Test      string              // annotation files or archives of these parts; "": those whose names differ from the training set's in that
	Images                string              // the folder where the paths in them begin; "": found by the first of them
	// Cache is a folder that keeps what was read of large annotation files and of archives, so that they open fast the next time.
	// "": nothing is kept of the former, and of the latter where shards.Settings says. What has changed since is read again.
	Cache    string
	indexAll bool   // small ones too, for tests
	Names    string // the file with the names of their classes, see annotation.ReadNames; "": categories.json beside JSON
	Label    string // of tar archives, the field of .json files that has the label, see shards.Settings; "": .cls or .txt files
}

// Data is a data set in its parts. Validation and Test are nil where there are none.
type Data struct {
	dataset.Split
	Kind string // "class folders", "CIFAR-10", "CIFAR-100", "IDX", "tar shards", "table", "list" or "JSON"
	// ClassIDs are what annotation files call the classes; nil for others, whose classes have names alone.
	ClassIDs []string
	Found    []string // what was found out and what is passed over, in sentences
}

// Open opens the data set at path, which is
//
//   - a folder with a folder train, and in it one for each class, and the like beside it: see dataset.OpenSplit. Class folders
//     alone, or in train alone, are a training set;
//   - a folder with CIFAR-10 or CIFAR-100 in the binary version, or with files in MNIST's format, plain or compressed;
//   - a tar archive as WebDataset has them, or a range of such as train-{0000..0146}.tar, see shards.Open; a folder with archives
//     whose names say which part they are of, or none does; or folders train, val and test with archives;
//   - an annotation file of a kind that package annotation reads, or a folder with one, or with one whose name has "train" in
//     it. Files of the same name but for "val" or "test" in its place are the other parts. Without a test set, the validation
//     set is that.
//
// Every image file that annotations name must be there: else the error wraps a *dataset.MissingError. A class that another part
// has and the training set lacks is an error, and so is the contrary unless AllowMissing is set.
func Open(ctx context.Context, path string, s Settings) (*Data, error) {
	if s.Classes != nil || s.Annotation.Classes != nil || s.Annotation.Names != nil {
		return nil, fmt.Errorf("source: the settings name classes: the training set has the say in what they are")
	}
	f, err := find(path, s)
	if err != nil {
		return nil, err
	}
	d, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	if d.Test == nil {
		d.Test, d.Validation = d.Validation, nil
	}
	d.Found = append(f.notes, d.Found...)
	return d, nil
}

// ErrNoPart is what OpenPart wraps where the data set lacks the part that was named.
var ErrNoPart = errors.New("no part")

// OpenPart opens one part of the data set at path, to test on, with the classes that it has: the part of that name, or if name
// is "" the test set, else the validation set, else what there is. where says in words what it opened.
func OpenPart(ctx context.Context, path, name string, s Settings) (set dataset.Dataset, where string, err error) {
	f, err := find(path, s)
	switch {
	case err != nil && (name == "" || !isDir(filepath.Join(path, name))):
		return nil, "", err
	case err != nil || f.folders != nil:
		if name == "" && len(f.folders) > 0 {
			name = f.folders[min(1, len(f.folders)-1)]
		}
		if where = filepath.Join(path, name); name != "" && !isDir(where) {
			return nil, "", fmt.Errorf("source: %s has %w %s", path, ErrNoPart, name)
		}
		set, err = openFolder(where, s)
	case f.archives != nil:
		part := "train" // which was named
		if name != "" || isDir(path) {
			if part, err = f.archives.choose(name); err != nil {
				return nil, "", err
			}
		}
		set, err := f.openPart(ctx, part, nil, false, s)
		if err != nil {
			return nil, "", err
		}
		return set, "the images of " + f.archives.name(part), nil
	case f.list != "":
		where = f.list
		if isDir(path) {
			if where, err = partList(path, name, s); err != nil {
				return nil, "", err
			}
		}
		set, err = openTestList(ctx, where, s)
	default:
		return f.loaded(ctx, path, name)
	}
	return set, "the images of " + where, err
}

// loaded opens a part of a set that is read into memory as a whole.
func (f found) loaded(ctx context.Context, path, name string) (set dataset.Dataset, where string, err error) {
	d, err := f.open(ctx)
	if err != nil {
		return nil, "", err
	}
	part := cmp.Or(roles[name], "test")
	set = map[string]dataset.Dataset{"train": d.Train, "val": d.Validation, "test": d.Test}[part]
	if set == nil || name != "" && roles[name] == "" {
		return nil, "", fmt.Errorf("source: %s, %s, has %w %s", path, d.Kind, ErrNoPart, cmp.Or(name, part))
	}
	return set, "the " + parts[part] + " of " + path, nil
}

// Scaled brings the images of all parts to another size, if they are in files: those in memory have theirs.
func (d *Data) Scaled(to dataset.Scale) error {
	for _, part := range []*dataset.Dataset{&d.Train, &d.Validation, &d.Test} {
		var scaled dataset.Dataset
		var err error
		switch set := (*part).(type) {
		case *dataset.Files:
			scaled, err = set.Scaled(to)
		case *shards.Set:
			scaled, err = set.Scaled(to)
		default:
			continue
		}
		if err != nil {
			return err
		}
		*part = scaled
	}
	return nil
}
