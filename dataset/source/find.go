package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/longtail-ml/longtail/dataset/idx"
	"github.com/longtail-ml/longtail/dataset/shards"
)

// found is what a path leads to.
type found struct {
	folders []string // of class folders: that of the training set, "" for the path itself, and those of other parts
	list    string   // the annotation file of the training set
	archives
	notes []string
	open  func(context.Context) (*Data, error) // nil: nothing is found
}

// find finds out what a path leads to.
func find(path string, s Settings) (found, error) {
	if shards.IsName(path) { // or a range of them, which is no file
		return named(path, s).found(s), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return found{}, fmt.Errorf("source: %w", err)
	}
	if !info.IsDir() {
		if isParquet(path) {
			return found{}, errParquet(path)
		}
		if _, _, isIDX := idxRole(path); isIDX {
			return findIDX(filepath.Dir(path), s)
		}
		return listed(path, s), nil
	}
	if s.Test != "" || s.Validation != "" {
		return found{}, fmt.Errorf("source: the files of other parts are named: name the training set's too, in place of the folder %s", path)
	}
	lists := annotations(path, s)
	train, validation, test, err := dataset.PartFolders(path)
	if err != nil {
		return found{}, err
	}
	if a := inFolders(path, train, validation, test); a != nil {
		return a.found(s), nil
	}
	if train != "" && (len(lists) == 0 || folders(filepath.Join(path, "train")) > 1) {
		f := found{folders: []string{train}, open: func(context.Context) (*Data, error) { return openFolders(path, test, s) }}
		for _, name := range []string{test, validation} {
			if name != "" {
				f.folders = append(f.folders, name)
			}
		}
		f.passOver(lists, "train has class folders")
		return f, nil
	}
	if train == "" {
		split, err := dataset.OpenSplit(path, s.SplitSettings)
		if err == nil {
			d := &Data{Kind: fmt.Sprintf("CIFAR-%d", len(split.Train.Classes())), Split: split}
			return found{open: func(context.Context) (*Data, error) { return d, nil }}, nil
		}
		if !errors.Is(err, dataset.ErrUnknown) {
			return found{}, err
		}
	}
	if f, err := findIDX(path, s); f.open != nil || err != nil {
		return f, err
	}
	if a, err := inOne(path); a != nil || err != nil {
		f := a.found(s)
		f.passOver(lists, "there are archives")
		return f, err
	}
	switch chosen := training(lists); {
	case len(chosen) == 1:
		return listed(chosen[0], s), nil
	case len(chosen) > 1:
		return found{}, fmt.Errorf("source: %s has several annotation files: name one of %s", path, few(chosen))
	}
	if name := parquetIn(path); name != "" {
		return found{}, errParquet(name)
	}
	return found{folders: []string{""}, open: func(context.Context) (*Data, error) { return openAlone(path, s) }}, nil
}

// passOver notes annotation files that are not taken.
func (f *found) passOver(lists []string, why string) {
	for _, l := range lists {
		f.notes = append(f.notes, fmt.Sprintf("%s is passed over, for %s: name the file to take it", l, why))
	}
}

// folders counts the folders in dir.
func folders(dir string) (n int) {
	entries, _ := os.ReadDir(dir) // none, if it is none
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			if n++; n > 1 {
				break
			}
		}
	}
	return n
}

func openFolders(dir, test string, s Settings) (d *Data, err error) {
	d = &Data{Kind: "class folders"}
	if test == "" {
		d.Train, err = openFolder(filepath.Join(dir, "train"), s)
	} else {
		d.Split, err = dataset.OpenSplit(dir, s.SplitSettings)
	}
	if err != nil {
		return nil, err
	}
	for _, part := range []dataset.Dataset{d.Train, d.Validation, d.Test} {
		if files, ok := part.(*dataset.Files); ok {
			d.passedOver(files.PassedOver())
		}
	}
	return d, nil
}

// openFolder returns no nil *Files, which is not a nil Dataset.
func openFolder(dir string, s Settings) (dataset.Dataset, error) {
	files, err := dataset.OpenFolder(dir, s.FolderSettings)
	if err != nil {
		return nil, err
	}
	return files, nil
}

// openAlone opens class folders that have no folder train around them.
func openAlone(dir string, s Settings) (*Data, error) {
	files, err := dataset.OpenFolder(dir, s.FolderSettings)
	if err != nil {
		return nil, fmt.Errorf("source: %w in %s: looked for class folders, there or in train; CIFAR-10 and CIFAR-100 in the binary version; MNIST's idx3-ubyte files; tar archives; and annotation files (%s): %w",
			dataset.ErrUnknown, dir, strings.Join(extensions, ", "), err)
	}
	d := &Data{Kind: "class folders", Split: dataset.Split{Train: files}}
	d.passedOver(files.PassedOver())
	return d, nil
}

func (d *Data) passedOver(all []dataset.PassedOver) {
	for _, p := range all {
		d.Found = append(d.Found, "passed over: "+p.String())
	}
}

// idxRole tells the files of MNIST's format by their names, as train-images-idx3-ubyte.gz: the part, and the name of the file
// of labels that belongs to one of images.
func idxRole(path string) (part, labels string, ok bool) {
	name := filepath.Base(path)
	at := strings.Index(name, "images")
	if at < 0 || !strings.Contains(name, "idx3-ubyte") && !strings.Contains(name, "idx3.ubyte") {
		return "", "", false
	}
	part = role(name)
	if strings.Contains(name, "t10k") {
		part = "test"
	}
	labels = name[:at] + strings.Replace(strings.Replace(name[at:], "images", "labels", 1), "idx3", "idx1", 1)
	return part, filepath.Join(filepath.Dir(path), labels), part != ""
}

func findIDX(dir string, s Settings) (f found, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, fmt.Errorf("source: %w", err)
	}
	files := map[string][2]string{}
	for _, e := range entries {
		images := filepath.Join(dir, e.Name())
		part, labels, ok := idxRole(images)
		if !ok {
			continue
		}
		if _, err := os.Stat(labels); err != nil { // one of them may be compressed
			if labels = strings.TrimSuffix(labels, ".gz"); !strings.HasSuffix(images, ".gz") {
				labels += ".gz"
			}
		}
		if before, twice := files[part]; twice {
			if strings.TrimSuffix(before[0], ".gz") == strings.TrimSuffix(images, ".gz") {
				continue // the same, compressed
			}
			return f, fmt.Errorf("source: %s has %s and %s: leave one training set in a folder", dir, filepath.Base(before[0]), e.Name())
		}
		files[part] = [2]string{images, labels}
	}
	if _, ok := files["train"]; !ok {
		return f, nil
	}
	f.open = func(context.Context) (*Data, error) { return openIDX(files, s) }
	return f, nil
}

// numbered are the names of classes that are called by numbers from 0; nil if there is no file of them.
func (s Settings) numbered() (all []string, err error) {
	if s.Names == "" {
		return nil, nil
	}
	names, err := annotation.ReadNames(s.Names)
	for c := 0; names[fmt.Sprint(c)] != ""; c++ {
		all = append(all, names[fmt.Sprint(c)])
	}
	if err == nil && all == nil {
		err = fmt.Errorf("source: %s has no name of class 0: labels that are numbers count from there", s.Names)
	}
	return all, err
}

func openIDX(files map[string][2]string, s Settings) (*Data, error) {
	d := &Data{Kind: "IDX"}
	to := idx.Settings{Height: s.Height, Width: s.Width, Fit: s.Fit}
	var err error
	if to.Classes, err = s.numbered(); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		name string
		set  *dataset.Dataset
	}{{"train", &d.Train}, {"val", &d.Validation}, {"test", &d.Test}} {
		of, ok := files[p.name]
		if !ok {
			continue
		}
		m, err := idx.Read(of[0], of[1], to)
		if err != nil {
			return nil, err
		}
		*p.set, to.Classes = m, m.Classes() // which those of the training set are
	}
	return d, nil
}
