package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/longtail-ml/longtail/experiment"
)

type dataCmd struct {
	Data string `arg:"" help:"Folder with train and test (and val), and in each a folder of images for each class; or class folders alone; or CIFAR's or MNIST's files; or tar archives, alone, as train-{0000..0146}.tar or in folders train and test; or a table, a list or JSON as COCO's and iNaturalist's, or the folder it is in."`
	reading
	SkipBad bool `help:"Files that cannot be read are no failure, unless a class has no others: they are listed all the same."`
	JSON    bool `name:"json" help:"Write JSON."`
}

func (dataCmd) Help() string {
	return `Every image is read: files that cannot be are listed, and so are images of the same pixels in two parts or two classes. If there are any,
the exit code is 4.

` + example("longtail data photos", "longtail data photos --json", "longtail data inat/train2018.json", "longtail data isic/train.csv --columns image,* --images isic/jpeg")
}

// advised is the JSON.
type advised struct {
	*source.Scan
	Imbalance float64  `json:"imbalance"` // of the training set; 0 if a class has no images
	Faults    []string `json:"faults"`
	Next      string   `json:"next"` // a command line
}

// Run looks.
func (d *dataCmd) Run(ctx context.Context, c *console) error {
	how, err := d.reading.settings()
	if err != nil {
		return err
	}
	s, err := how.Settings()
	if err != nil {
		return err
	}
	scan, err := scanFeatures(d.Data)
	if errors.Is(err, features.ErrNone) {
		scan, err = source.ScanAll(ctx, d.Data, s)
	}
	if err != nil {
		return listing(err, d.Data)
	}
	a := advised{Scan: scan, Faults: faults(scan), Next: "longtail train --data " + argument(d.Data) + d.reading.words() + " --out runs/first"}
	first := scan.Parts[0]
	if least := slices.Min(first.Counts); least > 0 {
		a.Imbalance = float64(slices.Max(first.Counts)) / float64(least)
	}
	bad := 0
	for _, p := range scan.Parts {
		bad += len(p.Bad)
	}
	if bad > 0 {
		a.Next += " --skip-bad"
	}
	if d.JSON {
		if err := writeJSON(c, a); err != nil {
			return err
		}
	} else if err := d.print(c.out, newPainter(c.out), a); err != nil {
		return err
	}
	if name := emptied(scan); d.SkipBad && name != "" {
		return exitError{unmet, fmt.Errorf("no image of class %s can be read", name)}
	}
	if d.SkipBad {
		bad = 0
	}
	if bad > 0 || len(scan.Duplicates) > 0 {
		return exitError{unmet, fmt.Errorf("%d files that cannot be read, %d images that are there twice", bad, len(scan.Duplicates))}
	}
	return nil
}

// scanFeatures says what is in a set of features; reading them is to check them.
func scanFeatures(path string) (*source.Scan, error) {
	split, err := experiment.OpenFeatures(path)
	if err != nil {
		return nil, err
	}
	s := &source.Scan{Kind: fmt.Sprintf("features of width %d", dataset.WidthOf(split.Train)), Duplicates: []source.Duplicate{}}
	for _, p := range []struct {
		name string
		set  dataset.Dataset
	}{{"train", split.Train}, {"val", split.Validation}, {"test", split.Test}} {
		if p.set != nil {
			s.Parts = append(s.Parts, source.ScanPart{Name: p.name, Classes: p.set.Classes(), Counts: dataset.Counts(p.set)})
		}
	}
	return s, nil
}

// emptied names a class all of whose images cannot be read.
func emptied(s *source.Scan) string {
	for _, p := range s.Parts {
		bad := map[string]int{}
		for _, f := range p.Bad {
			bad[f.Class]++
		}
		for i, name := range p.Classes {
			if bad[name] > 0 && bad[name] == p.Counts[i] {
				return name
			}
		}
	}
	return ""
}

// faults says in sentences what would stop or spoil a training.
func faults(s *source.Scan) (all []string) {
	first := s.Parts[0]
	for _, p := range s.Parts {
		name := p.Name
		if name == "" {
			name = "the folder"
		}
		none := 0
		for i, n := range p.Counts {
			if n > 0 {
				continue
			}
			if none++; none <= listed {
				all = append(all, fmt.Sprintf("%s: class %s has no image: add images or remove the folder", name, p.Classes[i]))
			}
		}
		if none > listed {
			all = append(all, fmt.Sprintf("%s: and %d more classes have no image", name, none-listed))
		}
		if len(p.Bad) > 0 {
			all = append(all, fmt.Sprintf("%s: %d files cannot be read: remove or replace them, or leave them out by --skip-bad", name, len(p.Bad)))
		}
		if !slices.Equal(p.Classes, first.Classes) {
			all = append(all, fmt.Sprintf("%s has %d classes, %s %d, or others: both must have the same folders, or --allow-missing", name, len(p.Classes), first.Name, len(first.Classes)))
		}
		for _, o := range p.PassedOver {
			all = append(all, fmt.Sprintf("%s: passed over: %s", name, o))
		}
	}
	if len(s.Duplicates) > 0 {
		all = append(all, fmt.Sprintf("%d images are there twice, in two parts or two classes: a test on images that were trained on says too much", len(s.Duplicates)))
	}
	if len(first.Classes) < 2 {
		all = append(all, "there is one class: a classifier needs at least two")
	}
	return all
}

// listed is how many files of a kind are printed; JSON has all.
const listed = 20

func (d *dataCmd) print(w io.Writer, p painter, a advised) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", d.Data, a.Kind)
	for _, part := range a.Parts {
		images := 0
		for _, n := range part.Counts {
			images += n
		}
		name := part.Name
		if name == "" {
			name = "all"
		}
		if part.Sizes == (source.ScanSizes{}) {
			fmt.Fprintf(&b, "%-12s %d samples in %d classes\n", name, images, len(part.Classes))
			continue
		}
		fmt.Fprintf(&b, "%-12s %d images in %d classes", name, images, len(part.Classes))
		for _, format := range slices.Sorted(maps.Keys(part.Formats)) {
			fmt.Fprintf(&b, ", %d %s", part.Formats[format], format)
		}
		s := part.Sizes
		fmt.Fprintf(&b, "; %d×%d to %d×%d pixels, %d×%d in the median\n", s.Smallest[0], s.Smallest[1], s.Largest[0], s.Largest[1], s.Median[0], s.Median[1])
	}
	b.WriteString("\n" + tail(a.Parts[0].Classes, a.Parts[0].Counts, p))
	if a.Imbalance > 0 {
		fmt.Fprintf(&b, "\nThe largest class has %.1f times the images of the smallest.\n", a.Imbalance)
	}
	for _, part := range a.Parts {
		for _, f := range part.Bad {
			fmt.Fprintf(&b, "cannot be read: %s: %s\n", f.Path, f.Error)
		}
	}
	for i, f := range a.Duplicates {
		if i == listed {
			fmt.Fprintf(&b, "… and %d more; --json lists all\n", len(a.Duplicates)-listed)
			break
		}
		fmt.Fprintf(&b, "the same image: %s and %s\n", f.A, f.B)
	}
	if len(a.Faults) > 0 {
		b.WriteString("\n")
		for _, f := range a.Faults {
			fmt.Fprintln(&b, "!", f)
		}
	}
	if len(a.Parts) == 1 {
		b.WriteString("\nThere is no test set: train takes a fifth of each class for one.\n")
	}
	fmt.Fprintf(&b, "\nNext:\n    %s\n", a.Next)
	_, err := io.WriteString(w, b.String())
	return err
}
