package source

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/shards"
)

// archives are tar archives by the part that they are of, as shards.Open takes them: their paths, a range, or a folder.
type archives map[string][]string

// named are the archives that a path names, a file or a range, and those of other parts.
func named(train string, s Settings) archives {
	a := archives{"train": {train}}
	for part, path := range map[string]string{"val": s.Validation, "test": s.Test} {
		if path != "" {
			a[part] = []string{path}
		} else if all := beside(train, part); all != nil {
			a[part] = all
		}
	}
	return a
}

// beside lists the archives of another part beside those of a training set, of the same name but for the part and the number.
func beside(train, part string) (all []string) {
	dir, base := filepath.Split(train)
	for _, name := range archivesIn(cmp.Or(dir, ".")) {
		if role(base) == "train" && role(name) == part && unnumbered(name) == unnumbered(base) {
			all = append(all, filepath.Join(dir, name))
		}
	}
	return all
}

// unnumbered is the family of an archive's name, or of a range such as train-{0000..0146}.tar, without its number.
func unnumbered(name string) string {
	return family(strings.ReplaceAll(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || strings.ContainsRune("{}", r) {
			return -1
		}
		return r
	}, name), "..", "")) // which is left of a range
}

// inFolders are archives in the folders of parts; nil if there are none.
func inFolders(dir string, names ...string) archives {
	a := archives{}
	for _, name := range names {
		if in := filepath.Join(dir, name); name != "" && folders(in) == 0 && archivesIn(in) != nil {
			a[roles[name]] = []string{in}
		}
	}
	if len(a) == 0 {
		return nil
	}
	return a
}

// inOne are the archives in a folder, told apart by their names; nil if there are none, or folders too.
func inOne(dir string) (archives, error) {
	if folders(dir) > 0 {
		return nil, nil
	}
	a := archives{}
	for _, name := range archivesIn(dir) {
		a[role(name)] = append(a[role(name)], filepath.Join(dir, name))
	}
	switch unknown := a[""]; {
	case len(a) == 0:
		return nil, nil
	case unknown != nil && len(a) > 1:
		return nil, fmt.Errorf("source: the name of %s does not say which part it is of, and those of other archives in %s do: rename it, or name the archives to train on, as %s",
			filepath.Base(unknown[0]), dir, filepath.Join(dir, "train-{0000..0146}.tar"))
	case unknown != nil:
		return archives{"train": unknown}, nil
	}
	return a, nil
}

// archivesIn lists the archives in a folder by name.
func archivesIn(dir string) (names []string) {
	entries, _ := os.ReadDir(dir) // none, if it is none
	for _, e := range entries {
		if shards.IsName(e.Name()) && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// found is what leads to the archives.
func (a archives) found(s Settings) found {
	return found{archives: a, open: func(ctx context.Context) (*Data, error) { return a.open(ctx, s) }}
}

// open opens all parts.
func (a archives) open(ctx context.Context, s Settings) (*Data, error) {
	d := &Data{Kind: "tar shards"}
	var classes []string
	named := false
	for _, p := range []struct {
		name string
		set  *dataset.Dataset
	}{{"train", &d.Train}, {"val", &d.Validation}, {"test", &d.Test}} {
		if a[p.name] == nil && p.name != "train" {
			continue
		}
		set, err := a.openPart(ctx, p.name, classes, named, s)
		if err != nil {
			return nil, err
		}
		d.Found = append(d.Found, fmt.Sprintf("%s: %d images in %d classes of %s", parts[p.name], set.Len(), len(set.Classes()), a.name(p.name)))
		if n := set.WithoutImage(); n > 0 {
			d.Found = append(d.Found, fmt.Sprintf("%s: passed over: %d samples without an image", parts[p.name], n))
		}
		*p.set = set
		if classes != nil && !s.AllowMissing {
			if err := complete(set, a.name(p.name)); err != nil {
				return nil, err
			}
		}
		if classes == nil {
			named = set.Named() // whatever labels the other parts have
		}
		classes = set.Classes()
	}
	return d, nil
}

// openPart opens a part; nil classes are those of the settings, or else those of its labels. named says that labels are names of them.
func (a archives) openPart(ctx context.Context, part string, classes []string, named bool, s Settings) (*shards.Set, error) {
	if a[part] == nil {
		return nil, fmt.Errorf("source: there are archives of other parts, but none of the %s", parts[part])
	}
	if classes == nil {
		var err error
		if classes, err = s.numbered(); err != nil {
			return nil, err
		}
	}
	to := shards.Settings{Height: s.Height, Width: s.Width, Fit: s.Fit, Label: s.Label, Classes: classes, Named: named, Decode: s.Decode}
	if s.Cache != "" {
		to.Cache = filepath.Join(s.Cache, "shards")
	}
	set, err := shards.Open(ctx, to, a[part]...)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return set, nil
}

// name names the archives of a part.
func (a archives) name(part string) string {
	name := filepath.Base(a[part][0])
	if n := len(a[part]); n > 1 {
		return fmt.Sprintf("%s and %d more archives", name, n-1)
	}
	return name
}

// choose returns the part to test on, by its name, or else the test set, the validation set, or what there is.
func (a archives) choose(name string) (part string, err error) {
	for _, part := range []string{"test", "val", "train"} {
		if a[part] != nil && (name == "" || roles[name] == part) {
			return part, nil
		}
	}
	return "", fmt.Errorf("source: there are archives, but %w %s", ErrNoPart, name)
}
