package experiment

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/longtail-ml/longtail/dataset/source"
)

// Reading says of a data set what it does not say itself. The zero value finds out what it can, see source.Open.
type Reading struct {
	Columns     []string `json:"columns,omitempty"`      // of a table, see annotation.Settings
	Images      string   `json:"images,omitempty"`       // folder where the paths of an annotation file begin
	Validation  string   `json:"val,omitempty"`          // annotation file or archives of the validation set
	Test        string   `json:"test,omitempty"`         // and of the test set
	Label       string   `json:"label,omitempty"`        // of tar archives, the field of .json files that has the label
	Names       string   `json:"names,omitempty"`        // file with the names of the classes
	Nested      string   `json:"nested,omitempty"`       // deep or leaves: class folders have folders in them, see dataset.Nesting
	Crop        bool     `json:"crop,omitempty"`         // every box of COCO's JSON is an image
	SkipUnclear bool     `json:"skip_unclear,omitempty"` // images without a single known label are left out, not errors
	// Cache is a folder that keeps what was read of large annotation files, see source.Settings.
	Cache string `json:"-"`
}

var nestings = []string{"", "deep", "leaves"} // by dataset.Nesting

func (r Reading) check() error {
	if !slices.Contains(nestings, r.Nested) {
		return fmt.Errorf("nested %q is neither deep nor leaves", r.Nested)
	}
	return nil
}

// Settings are those of the readers.
func (r Reading) Settings() (s source.Settings, err error) {
	if err := r.check(); err != nil {
		return s, fmt.Errorf("experiment: %w", err)
	}
	s.Nested = dataset.Nesting(slices.Index(nestings, r.Nested))
	s.Annotation = annotation.Settings{Columns: r.Columns, Crop: r.Crop, LeaveOut: r.SkipUnclear}
	s.Cache = r.Cache
	s.Images, s.Validation, s.Test, s.Names, s.Label = r.Images, r.Validation, r.Test, r.Names, r.Label
	return s, nil
}

func (s Settings) reading() (source.Settings, error) {
	how, err := s.Read.Settings()
	how.AllowMissing = s.AllowMissing
	return how, err
}
