package hybrid

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/longtail-ml/longtail/dataset"
)

// About is what a model file says of a network besides what it is built of. Fields that are not known stay zero.
type About struct {
	Classes []string    // names by label
	Counts  []int       // training images of each class
	Fit     dataset.Fit // how pictures are brought to the size of the network's images, unless it was made WithResize
	Method  string      // that trained it, as in method.Method.Name
	// Manifest is the SHA-256, in hex, of the manifest of the run that trained it.
	Manifest string
	Library  string // longtail.Version of the program that saved the file; Save fills it in
}

// AboutOf returns what a training set tells: class names and counts, and how its pictures were brought to their size.
func AboutOf(d dataset.Dataset) About {
	return About{Classes: d.Classes(), Counts: dataset.Counts(d), Fit: dataset.FitOf(d)}
}

// clone returns a copy that no change of the caller's reaches.
func (a About) clone() *About {
	a.Classes, a.Counts = slices.Clone(a.Classes), slices.Clone(a.Counts)
	return &a
}

// check says what is wrong with a for a network of so many classes.
func (a About) check(classes int) error {
	if n := len(a.Classes); n > 0 && n != classes {
		return fmt.Errorf("class names: there are %d for a network of %d classes", n, classes)
	}
	for i, name := range a.Classes {
		if !utf8.ValidString(name) {
			return fmt.Errorf("class names: that of class %d, %q, is not valid UTF-8: rename it", i, name)
		}
	}
	if n := len(a.Counts); n > 0 && n != classes {
		return fmt.Errorf("counts: there are %d for a network of %d classes", n, classes)
	}
	for i, n := range a.Counts {
		if n < 0 {
			return fmt.Errorf("counts: class %d has %d images, which is negative", i, n)
		}
	}
	if _, err := a.Fit.MarshalText(); err != nil {
		return err
	}
	if !utf8.ValidString(a.Method) {
		return fmt.Errorf("method: %q is not valid UTF-8", a.Method)
	}
	if raw, err := hex.DecodeString(a.Manifest); a.Manifest != "" && (err != nil || len(raw) != 32 || strings.ToLower(a.Manifest) != a.Manifest) {
		return fmt.Errorf("manifest: %q is not a SHA-256 in hex: 64 digits of 0-9 and a-f", a.Manifest)
	}
	return nil
}
