package features

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
)

// parts are what the files of a part are called, in front of their extension.
var parts = [3][]string{{"train"}, {"val", "valid", "validation"}, {"test"}}

// endings of a file of features, behind its part.
var endings = []string{".safetensors", ".npy", "_features.npy", "_embeddings.npy"}

// ErrNone is what OpenSplit wraps where a directory has no features at all.
var ErrNone = errors.New("no features")

// OpenSplit reads the parts of a data set from a directory: train and test, and val (or valid, validation) if there is one;
// without test, val is the test set. Each is a file such as train.safetensors, with the tensors features and labels, or two
// such as train.npy or train_features.npy and train_labels.npy. The classes are those of the training set, named as Open
// finds them; a part that package embedding wrote has names of its own, by which its labels become theirs. Parts of other
// widths are an error, and so are labels of classes that the training set does not have.
func OpenSplit(dir string) (dataset.Split, error) {
	var found [3]string
	for i, names := range parts {
		path, err := find(dir, names)
		if err != nil {
			return dataset.Split{}, err
		}
		found[i] = path
	}
	if found[2] == "" {
		found[1], found[2] = "", found[1]
	}
	switch {
	case found[0] == "":
		return dataset.Split{}, fmt.Errorf("features: %s: %w: looked for train.npy, train_features.npy, train_embeddings.npy and train.safetensors", dir, ErrNone)
	case found[2] == "":
		return dataset.Split{}, fmt.Errorf("features: %s has %s but neither test nor val beside it: add one, or open the file and use dataset.Holdout",
			dir, filepath.Base(found[0]))
	}
	var sets [3]*Set
	for i, path := range found {
		if path == "" {
			continue
		}
		var err error
		if i == 0 {
			sets[i], err = Open(path, Settings{})
		} else {
			sets[i], err = openPart(path, sets[0].classes)
		}
		if err != nil {
			return dataset.Split{}, err
		}
		if sets[i].width != sets[0].width {
			return dataset.Split{}, fmt.Errorf("features: %s is of width %d, %s of width %d: all parts must be made by one model", path, sets[i].width,
				found[0], sets[0].width)
		}
	}
	s := dataset.Split{Train: sets[0], Test: sets[2]}
	if sets[1] != nil { // a nil *Set in an interface is not nil
		s.Validation = sets[1]
	}
	return s, nil
}

// openPart opens a file of samples of the given classes.
func openPart(path string, classes []string) (*Set, error) {
	own, err := ownClasses(path)
	if err != nil {
		return nil, err
	}
	if own == nil || slices.Equal(own, classes) {
		return Open(path, Settings{Classes: classes})
	}
	set, err := Open(path, Settings{Classes: own})
	if err != nil {
		return nil, err
	}
	to := make([]int, len(own))
	for i, name := range own {
		to[i] = slices.Index(classes, name)
	}
	for i, label := range set.labels {
		if set.labels[i] = to[label]; to[label] < 0 {
			return nil, fmt.Errorf("features: %s: sample %d is of class %q, which is not among the %d of the training set: name these in train_classes.txt or %s",
				path, i, own[label], len(classes), classesFile)
		}
	}
	set.classes = slices.Clone(classes)
	return set, nil
}

// find returns the one file of a part; "" if there is none.
func find(dir string, names []string) (found string, err error) {
	for _, name := range names {
		for _, end := range endings {
			path := filepath.Join(dir, name+end)
			if _, err := os.Stat(path); err != nil {
				continue
			}
			if found != "" {
				return "", fmt.Errorf("features: %s holds both %s and %s: leave one", dir, filepath.Base(found), filepath.Base(path))
			}
			found = path
		}
	}
	return found, nil
}
