package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
)

//go:embed page.html
var pageHTML string

//go:embed style.css
var styleCSS string

//go:embed script.js
var scriptJS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// page is what the template fills in.
type page struct {
	Title    string
	Summary  []fact
	Sections []section
	Notes    []string
	Style    template.CSS
	Script   template.JS
}

// fact is a figure at the top.
type fact struct{ Name, Value, More string }

// section is a part of a page, with a heading.
type section struct {
	ID, Title string
	Text      []string
	Charts    []*chart
	Figures   []figure
	Galleries []gallery
	Tables    []table
	Pre       string
}

// gallery is pictures with words below.
type gallery struct {
	Title, Text string
	Items       []item
}

// item is a picture, or one and what it is compared with.
type item struct {
	Pictures []shown
	Lines    []string
}

// shown is a picture with its alternative text.
type shown struct {
	Picture
	Alt, Below string
}

// figure is a chart as a page has it.
type figure struct {
	Title, Caption string
	SVG            template.HTML
}

// Write writes one HTML page of a run, or one that puts several side by side.
func Write(w io.Writer, runs ...*Run) error {
	p, err := newPage(runs)
	if err != nil {
		return err
	}
	for i := range p.Sections {
		s := &p.Sections[i]
		for _, c := range s.Charts {
			svg, err := c.svg()
			if err != nil {
				return err
			}
			s.Figures = append(s.Figures, figure{c.title, c.caption, svg})
		}
	}
	p.Style, p.Script = template.CSS(styleCSS), template.JS(scriptJS)
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func newPage(runs []*Run) (p page, err error) {
	if len(runs) == 0 {
		return p, errors.New("report: a page of no runs: give at least one")
	}
	for _, r := range runs {
		if err := r.check(); err != nil {
			return p, err
		}
	}
	if len(runs) > 1 {
		return several(runs), nil
	}
	return single(runs[0]), nil
}

// check finds what would not fit on a page.
func (r *Run) check() error {
	n := len(r.counts())
	if n == 0 {
		return fmt.Errorf("report: run %q: Figures.TrainCounts is empty: it is the number of training images of each class", r.Name)
	}
	if r.Classes != nil && len(r.Classes) != n {
		return fmt.Errorf("report: run %q: %d names for %d classes", r.Name, len(r.Classes), n)
	}
	if r.Test == nil {
		return nil
	}
	if err := r.Test.check(n); err != nil {
		return fmt.Errorf("report: run %q: %w", r.Name, err)
	}
	return nil
}

// check finds what is not of so many classes, or does not fit together.
func (t *Test) check(classes int) error {
	if t.Confusion == nil || t.Confusion.Classes() != classes {
		return fmt.Errorf("Test.Confusion must be of the %d classes of Figures", classes)
	}
	for i, o := range t.Outcomes {
		if min(o.Label, o.Predicted) < 0 || max(o.Label, o.Predicted) >= classes {
			return fmt.Errorf("Test.Outcomes[%d] is of classes %d and %d: they go from 0 to %d", i, o.Label, o.Predicted, classes-1)
		}
	}
	for _, m := range slices.Concat(t.Surest, t.Rare) {
		if m.Image < 0 || m.Image >= len(t.Outcomes) {
			return fmt.Errorf("a mistake of image %d: there are %d outcomes", m.Image, len(t.Outcomes))
		}
	}
	if m := t.Map; m != nil {
		if len(m.PCA) != len(m.Images) || len(m.Neighbors) != len(m.Images) {
			return fmt.Errorf("Test.Map has %d and %d points for %d images", len(m.PCA), len(m.Neighbors), len(m.Images))
		}
		for _, i := range m.Images {
			if i < 0 || i >= len(t.Outcomes) {
				return fmt.Errorf("Test.Map has image %d: there are %d outcomes", i, len(t.Outcomes))
			}
		}
	}
	return nil
}
