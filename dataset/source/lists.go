package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
)

// extensions are those of annotation files.
var extensions = []string{".json", ".csv", ".tsv", ".txt", ".lst"}

// roles are what parts are called in names of files.
var roles = map[string]string{"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test", "testing": "test"}

// parts are what they are called in sentences.
var parts = map[string]string{"train": "training set", "val": "validation set", "test": "test set"}

// words divides a name at everything that is no letter.
func words(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
}

// role returns the part that a file is of by its name, "" if that does not say or says two.
func role(name string) (part string) {
	for _, w := range words(name) {
		if r := roles[strings.ToLower(w)]; r != "" {
			if part != "" && part != r {
				return ""
			}
			part = r
		}
	}
	return part
}

// family is a name without what says which part it is of.
func family(name string) string {
	var b strings.Builder
	for rest := name; rest != ""; {
		letters := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
		if letters < 0 {
			letters = len(rest)
		}
		if w := strings.ToLower(rest[:letters]); roles[w] != "" {
			b.WriteString("*")
		} else {
			b.WriteString(w)
		}
		rest = rest[letters:]
		other := strings.IndexFunc(rest, unicode.IsLetter)
		if other < 0 {
			other = len(rest)
		}
		b.WriteString(rest[:other])
		rest = rest[other:]
	}
	return b.String()
}

// mostLooked is how many files of a folder are looked into: where there are more, they are no annotation files of a data set.
const mostLooked = 1000

// annotations returns the annotation files in dir or in its folder annotations.
func annotations(dir string, s Settings) (all []string) {
	looked := 0
	for _, at := range []string{dir, filepath.Join(dir, "annotations")} {
		entries, _ := os.ReadDir(at) // none, if it is none
		for _, e := range entries {
			path := filepath.Join(at, e.Name())
			if !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if looked++; looked <= mostLooked && annotation.Kind(path, s.Annotation) != "" {
				all = append(all, path)
			}
		}
	}
	return all
}

// training returns which of the files are of training sets: those that say so, or else all that do not say what they are.
func training(lists []string) []string {
	of := map[string][]string{}
	for _, l := range lists {
		part := role(filepath.Base(l))
		of[part] = append(of[part], l)
	}
	if len(of["train"]) > 0 {
		return of["train"]
	}
	return of[""]
}

// companion returns the file of another part beside that of a training set; "" if there is none.
func companion(train, part string) (string, error) {
	entries, err := os.ReadDir(filepath.Dir(train))
	if err != nil || role(filepath.Base(train)) != "train" {
		return "", err
	}
	var all []string
	for _, e := range entries {
		if role(e.Name()) == part && family(e.Name()) == family(filepath.Base(train)) {
			all = append(all, filepath.Join(filepath.Dir(train), e.Name()))
		}
	}
	if len(all) > 1 {
		return "", fmt.Errorf("source: several files may be of the part %s: name one of %s", part, few(all))
	}
	return strings.Join(all, ""), nil
}

// partList chooses the annotation file of a part in a folder.
func partList(dir, name string, s Settings) (string, error) {
	lists := annotations(dir, s)
	for _, part := range []string{"test", "val", "", "train"} {
		var of []string
		for _, l := range lists {
			if role(filepath.Base(l)) == part {
				of = append(of, l)
			}
		}
		switch {
		case name != "" && (part == "" || roles[name] != part) || len(of) == 0:
		case len(of) > 1:
			return "", fmt.Errorf("source: %s has several annotation files: name one of %s", dir, few(of))
		default:
			return of[0], nil
		}
	}
	return "", fmt.Errorf("source: %s has annotation files, but %w %s", dir, ErrNoPart, name)
}

func openTestList(ctx context.Context, path string, s Settings) (dataset.Dataset, error) {
	names, _, err := s.names(path)
	if err != nil {
		return nil, err
	}
	s.Annotation.Names = names
	p, err := indexed(ctx, path, s)
	if err != nil {
		return nil, err
	}
	return p.files, nil
}

// names reads the names of the classes of an annotation file, if they are in a file of their own.
func (s Settings) names(list string) (names map[string]string, from string, err error) {
	from = s.Names
	if beside := filepath.Join(filepath.Dir(list), "categories.json"); from == "" && isFile(beside) && annotation.Kind(list, s.Annotation) == "JSON" {
		from = beside
	}
	if from != "" {
		names, err = annotation.ReadNames(from)
	}
	return names, from, err
}

func listed(train string, s Settings) found {
	return found{list: train, open: func(ctx context.Context) (*Data, error) { return openLists(ctx, train, s) }}
}

// openLists opens the set that an annotation file is of.
func openLists(ctx context.Context, train string, s Settings) (*Data, error) {
	d := &Data{Kind: annotation.Kind(train, s.Annotation)}
	names, from, err := s.names(train)
	if err != nil {
		return nil, err
	}
	if s.Annotation.Names = names; s.Names == "" && names != nil {
		d.Found = append(d.Found, "names of classes from "+filepath.Base(from))
	}
	p, err := indexed(ctx, train, s)
	if err != nil {
		return nil, err
	}
	d.add(parts["train"], p)
	d.Train, d.ClassIDs = p.files, p.classes.IDs
	if d.Validation, err = d.openPart(ctx, train, "val", s.Validation, p, s); err != nil {
		return nil, err
	}
	if d.Test, err = d.openPart(ctx, train, "test", s.Test, p, s); err != nil {
		return nil, err
	}
	return d, nil
}

// openPart opens another part of the set of a training set: the file that was named, or the one beside it.
func (d *Data) openPart(ctx context.Context, file, name, named string, train *part, s Settings) (dataset.Dataset, error) {
	path := named
	if path == "" {
		var err error
		if path, err = companion(file, name); path == "" || err != nil {
			return nil, err
		}
	}
	s.Annotation.Classes = &train.classes
	p, err := indexed(ctx, path, s)
	var columns *annotation.ColumnsError
	if named == "" && (errors.Is(err, annotation.ErrNoLabels) || errors.As(err, &columns)) {
		d.Found = append(d.Found, fmt.Sprintf("%s is passed over: it has no labels", filepath.Base(path)))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.add(parts[name], p)
	if !s.AllowMissing {
		if err := complete(p.files, path); err != nil {
			return nil, err
		}
	}
	return p.files, nil
}

// complete reports classes of the training set that another part has no image of.
func complete(part dataset.Dataset, name string) error {
	var absent []string
	for c, n := range dataset.Counts(part) {
		if n == 0 {
			absent = append(absent, part.Classes()[c])
		}
	}
	if absent == nil {
		return nil
	}
	return fmt.Errorf("source: %w: %s has no image of %d of the training set's %d (which may be allowed): %s", dataset.ErrClassesDiffer, name,
		len(absent), len(part.Classes()), few(absent))
}

func (d *Data) add(name string, p *part) {
	d.Found = append(d.Found, fmt.Sprintf("%s: %d images in %d classes of %s, below %s", name, p.files.Len(), len(p.classes.Names), filepath.Base(p.file), p.root))
	for _, text := range p.found {
		d.Found = append(d.Found, name+": "+text)
	}
	for _, o := range p.passed {
		d.Found = append(d.Found, name+": left out: "+o.String())
	}
}

// few lists the first of them.
func few(all []string) string {
	const most = 10
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
