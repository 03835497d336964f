package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Open finds out what dir holds and returns its training and its test set:
//
//   - folders train and test (or val) with one folder of JPEG or PNG files for each class, the same classes in both:
//     two *Folder that hand out width×height images, cropped in the middle; 0 means what it means in FolderSettings;
//   - CIFAR-10 or CIFAR-100 in the binary version: two *Memory; width and height must be 0 or 32.
//
// Where it finds none of them, the error lists what it looked for.
func Open(dir string, width, height int) (train, test Dataset, err error) {
	if isDir(filepath.Join(dir, "train")) {
		return openFolders(dir, FolderSettings{Width: width, Height: height})
	}
	ten, hundred := cifar10Format(), cifar100Format()
	_, isTen := ten.locate(dir)
	_, isHundred := hundred.locate(dir)
	switch {
	case isTen && isHundred:
		return nil, nil, fmt.Errorf("dataset: %s holds both CIFAR-10 and CIFAR-100: call CIFAR10 or CIFAR100, or name the "+
			"folder of one", dir)
	case isTen:
		return openCIFAR(ten, dir, width, height)
	case isHundred:
		return openCIFAR(hundred, dir, width, height)
	}
	return nil, nil, fmt.Errorf("dataset: no known data set in %s: looked for class folders in train and test (or val), for "+
		"CIFAR-10 (%s) there or in %s, and for CIFAR-100 (%s) there or in %s", dir, ten.expected(), ten.folder,
		hundred.expected(), hundred.folder)
}

func openCIFAR(f cifarFormat, dir string, width, height int) (train, test Dataset, err error) {
	if (width != 0 && width != cifarSide) || (height != 0 && height != cifarSide) {
		return nil, nil, fmt.Errorf("dataset: images of %d×%d were asked for, %s has %d×%d: ask for 0×0",
			width, height, f.name, cifarSide, cifarSide)
	}
	a, b, err := f.read(dir)
	if err != nil {
		return nil, nil, err // not a, b: a nil *Memory in an interface is not nil
	}
	return a, b, nil
}

func openFolders(dir string, s FolderSettings) (train, test Dataset, err error) {
	second := filepath.Join(dir, "test")
	if !isDir(second) {
		second = filepath.Join(dir, "val")
	}
	if !isDir(second) {
		return nil, nil, fmt.Errorf("dataset: %s holds train but neither test nor val: add one, or use OpenFolder on train",
			dir)
	}
	a, err := OpenFolder(filepath.Join(dir, "train"), s)
	if err != nil {
		return nil, nil, err
	}
	b, err := OpenFolder(second, s)
	if err != nil {
		return nil, nil, err
	}
	if err := sameClasses(a, b); err != nil {
		return nil, nil, err
	}
	return a, b, nil
}

func sameClasses(a, b *Folder) error {
	if slices.Equal(a.classes, b.classes) {
		return nil
	}
	return fmt.Errorf("dataset: the classes of %s and %s differ: only in the first: %s; only in the second: %s", a.dir, b.dir,
		only(a.classes, b.classes), only(b.classes, a.classes))
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
	return strings.Join(names, ", ")
}
