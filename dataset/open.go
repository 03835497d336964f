package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Split is a data set in its parts. Validation is nil where there is none.
type Split struct {
	Train      Dataset
	Validation Dataset // to choose epochs and settings by
	Test       Dataset // to report
}

// SplitSettings says how OpenSplit reads. Its zero value cuts images to 32×32.
type SplitSettings struct {
	FolderSettings // of all parts; Classes must be nil
	// AllowMissing lets classes of the training set be absent from the other parts, where they then have no image.
	AllowMissing bool
}

// ErrUnknown is wrapped by errors of OpenSplit and Open about a folder that holds no data set that they know.
var ErrUnknown = errors.New("no known data set")

// ErrClassesDiffer is wrapped by errors about parts that have not the classes of the training set.
var ErrClassesDiffer = errors.New("the classes differ")

// validationNames and testNames are what folders beside train are called.
var (
	validationNames = []string{"val", "valid", "validation"}
	testNames       = []string{"test", "testing"}
)

// OpenSplit finds out what dir holds and returns its parts:
//
//   - folders train, val (or valid, validation) and test with one folder of image files for each class, the same classes in
//     each: *Files. Without test, val is the test set, as in ImageNet;
//   - CIFAR-10 or CIFAR-100 in the binary version: two *Memory; Width and Height must be 0 or 32.
//
// Where it finds none of them, the error lists what it looked for.
func OpenSplit(dir string, s SplitSettings) (Split, error) {
	if isDir(filepath.Join(dir, "train")) {
		return openFolders(dir, s)
	}
	ten, hundred := cifar10Format(), cifar100Format()
	_, isTen := ten.locate(dir)
	_, isHundred := hundred.locate(dir)
	switch {
	case isTen && isHundred:
		return Split{}, fmt.Errorf("dataset: %s holds both CIFAR-10 and CIFAR-100: call CIFAR10 or CIFAR100, or name the "+
			"folder of one", dir)
	case isTen:
		return openCIFAR(ten, dir, s)
	case isHundred:
		return openCIFAR(hundred, dir, s)
	}
	if _, err := os.Stat(dir); err != nil {
		return Split{}, fmt.Errorf("dataset: %w", err)
	}
	return Split{}, fmt.Errorf("dataset: %w in %s: looked for class folders in train and test (or val), for "+
		"CIFAR-10 (%s) there or in %s, and for CIFAR-100 (%s) there or in %s", ErrUnknown, dir, ten.expected(), ten.folder,
		hundred.expected(), hundred.folder)
}

// Open is OpenSplit for sets of two parts. A set with a validation part beside its test set is an error: OpenSplit returns
// all three.
func Open(dir string, f FolderSettings) (train, test Dataset, err error) {
	s, err := OpenSplit(dir, SplitSettings{FolderSettings: f})
	if err == nil && s.Validation != nil {
		err = fmt.Errorf("dataset: %s holds a validation set beside its test set, which Open would pass over: use OpenSplit", dir)
	}
	if err != nil {
		return nil, nil, err
	}
	return s.Train, s.Test, nil
}

func openCIFAR(f cifarFormat, dir string, s SplitSettings) (Split, error) {
	if (s.Width != 0 && s.Width != cifarSide) || (s.Height != 0 && s.Height != cifarSide) {
		return Split{}, fmt.Errorf("dataset: images of %d×%d were asked for, %s has %d×%d: ask for 0×0",
			cmp.Or(s.Height, s.Width), cmp.Or(s.Width, s.Height), f.name, cifarSide, cifarSide)
	}
	train, test, err := f.read(dir)
	if err != nil {
		return Split{}, err // not train, test: a nil *Memory in an interface is not nil
	}
	return Split{Train: train, Test: test}, nil
}

func openFolders(dir string, s SplitSettings) (Split, error) {
	if s.Classes != nil {
		return Split{}, fmt.Errorf("dataset: Classes is set: the training set has the say in what the classes are")
	}
	_, validation, test, err := PartFolders(dir)
	if err != nil {
		return Split{}, err
	}
	if test == "" {
		return Split{}, fmt.Errorf("dataset: %s holds train but neither test nor val: add one, or use OpenFolder on train and "+
			"Holdout", dir)
	}
	train, err := OpenFolder(filepath.Join(dir, "train"), s.FolderSettings)
	if err != nil {
		return Split{}, err
	}
	all := Split{Train: train}
	if all.Test, err = openPart(filepath.Join(dir, test), train, s); err != nil {
		return Split{}, err
	}
	if validation != "" {
		if all.Validation, err = openPart(filepath.Join(dir, validation), train, s); err != nil {
			return Split{}, err
		}
	}
	return all, nil
}

// PartFolders returns which folders of dir OpenSplit takes for the parts of a data set, "" for those that are not there. It is
// an error if there are two folders for one part. Without a test set, the validation set is it.
func PartFolders(dir string) (train, validation, test string, err error) {
	tests, validations := dirs(dir, testNames), dirs(dir, validationNames)
	if len(tests) > 1 || len(validations) > 1 {
		return "", "", "", fmt.Errorf("dataset: %s holds %s beside train: leave a test and a validation set", dir,
			strings.Join(append(tests, validations...), ", "))
	}
	if isDir(filepath.Join(dir, "train")) {
		train = "train"
	}
	validation, test = strings.Join(validations, ""), strings.Join(tests, "")
	if test == "" {
		validation, test = "", validation
	}
	return train, validation, test, nil
}

// openPart opens a part that is to have the classes of the training set.
func openPart(dir string, train *Files, s SplitSettings) (Dataset, error) {
	if s.AllowMissing {
		s.Classes = train.classes
	}
	part, err := OpenFolder(dir, s.FolderSettings)
	if err != nil {
		return nil, err
	}
	if err := sameClasses(train, part); err != nil {
		return nil, err
	}
	return part, nil
}

// dirs returns those names that are folders in dir.
func dirs(dir string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isDir(filepath.Join(dir, name)) })
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func sameClasses(a, b *Files) error {
	if slices.Equal(a.classes, b.classes) {
		return nil
	}
	return fmt.Errorf("dataset: %w: only in %s: %s (which may be allowed); only in %s: %s", ErrClassesDiffer, a.root,
		only(a.classes, b.classes), b.root, only(b.classes, a.classes))
}

// only lists what a has and b has not.
func only(a, b []string) string {
	var names []string
	for _, name := range a {
		if !slices.Contains(b, name) {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	if more := len(names) - 10; more > 0 {
		names = append(names[:10], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
