package hybrid

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail"
	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

// formatVersion is that of the metadata which this package writes and reads.
const formatVersion = 1

// description is what a model file states of its network, as JSON in the metadata.
type description struct {
	Version int    `json:"version"`
	Library string `json:"library"`
	Input   struct {
		Height   int `json:"height"`
		Width    int `json:"width"`
		Channels int `json:"channels"`
		Features int `json:"features,omitempty"` // the width of features, and the others are 0
	} `json:"input"`
	Fit       dataset.Fit `json:"fit"`
	Resize    *resized    `json:"resize,omitempty"` // missing: none
	Normalize struct {
		Mean []float64 `json:"mean"`
		Std  []float64 `json:"std"`
	} `json:"normalize"`
	Backbone       part     `json:"backbone"`
	Projection     *part    `json:"projection"` // null: none
	Classifier     part     `json:"classifier"`
	SeparatePasses bool     `json:"separate_passes"`
	Classes        int      `json:"classes"`
	ClassNames     []string `json:"class_names"`
	Counts         []int    `json:"counts"`
	Method         string   `json:"method"`
	Manifest       string   `json:"manifest_sha256"`
}

// resized is an augment.Resize.
type resized struct {
	Shorter int            `json:"shorter"`
	Filter  augment.Filter `json:"filter"`
}

// describe says what n is built of.
func describe(n *Network, a About) (d description, err error) {
	if err := a.check(n.classes); err != nil {
		return d, err
	}
	d = description{Version: formatVersion, Library: longtail.Version, Fit: a.Fit, SeparatePasses: n.separate,
		Classes: n.classes, ClassNames: a.Classes, Counts: a.Counts, Method: a.Method, Manifest: a.Manifest}
	d.Input.Height, d.Input.Width, d.Input.Channels, d.Input.Features = n.input.Height, n.input.Width, n.input.Channels, n.input.Features
	d.Normalize.Mean, d.Normalize.Std = n.normalize.Mean, n.normalize.Std
	if n.resize.Shorter > 0 {
		d.Resize = &resized{n.resize.Shorter, n.resize.Filter}
	}
	if err := d.checkInput(); err != nil {
		return d, err
	}
	if d.Backbone, err = partOf("backbone", n.Backbone); err != nil {
		return d, err
	}
	if n.Projection != nil {
		p, err := partOf("projection", n.Projection)
		if err != nil {
			return d, err
		}
		d.Projection = &p
	}
	d.Classifier, err = partOf("classifier", n.Classifier)
	return d, err
}

// parse reads the JSON of a description. The version comes first: of another, nothing else may be as expected.
func parse(text []byte) (d description, err error) {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return d, fmt.Errorf("damaged JSON: %w", err)
	}
	if head.Version == nil {
		return d, errors.New("version: missing")
	}
	if *head.Version != formatVersion {
		return d, fmt.Errorf("version: %d, where this library (%s) reads %d: open the file with the version that saved it",
			*head.Version, longtail.Version, formatVersion)
	}
	if err := decode(text, &d); err != nil {
		return d, err
	}
	if err := d.checkInput(); err != nil {
		return d, err
	}
	return d, d.about().check(d.Classes)
}

func (d description) checkInput() error {
	if err := Input(d.Input).check(); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	return nil
}

func (d description) about() About {
	return About{Classes: d.ClassNames, Counts: d.Counts, Fit: d.Fit, Method: d.Method, Manifest: d.Manifest, Library: d.Library}
}

// network builds what d states, with fresh weights.
func (d description) network(b builder) (*Network, error) {
	body, err := b.backbone(d.Backbone)
	if err != nil {
		return nil, err
	}
	opts := []Option{WithInput(d.Input.Height, d.Input.Width, d.Input.Channels), WithoutProjection(),
		WithNormalize(augment.Normalize{Mean: d.Normalize.Mean, Std: d.Normalize.Std})}
	if d.Input.Features > 0 {
		opts = append(opts, WithFeatures(d.Input.Features))
	}
	if d.Resize != nil {
		opts = append(opts, WithResize(augment.Resize{Shorter: d.Resize.Shorter, Filter: d.Resize.Filter}))
	}
	if d.Projection != nil {
		m, err := b.build("projection", *d.Projection)
		if err != nil {
			return nil, err
		}
		opts = append(opts, WithProjectionModule(m))
	}
	m, err := b.build("classifier", d.Classifier)
	if err != nil {
		return nil, err
	}
	opts = append(opts, WithClassifier(m))
	if d.SeparatePasses {
		opts = append(opts, WithSeparatePasses())
	}
	return NewNetwork(body, d.Classes, opts...)
}
