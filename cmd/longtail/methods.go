package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/method"
)

// methods are all that train and compare know.
func methods() []method.Method { return append(method.All(), method.Variants()...) }

func methodNames() string {
	var names []string
	for _, m := range methods() {
		names = append(names, m.Name)
	}
	return strings.Join(names, ",")
}

func recipeNames() string {
	var names []string
	for _, p := range experiment.Presets() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ",")
}

type methodsCmd struct {
	JSON bool `name:"json" help:"Write JSON."`
}

func (methodsCmd) Help() string {
	return `Images are what a sample costs: how many images pass the network for it in training. A method
with a teacher learns from another network, --teacher, or trains one first by the method named, which costs that method's images too. docs/methods of the library has a page for each method.

` + example("longtail methods", "longtail methods --json")
}

// described is a line of the list.
type described struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	ArXiv       string `json:"arxiv,omitempty"`
	Images      int    `json:"images"`
	SecondStage bool   `json:"second_stage"`
	Teacher     string `json:"teacher,omitempty"` // the method that trains the network it learns from, if none is given
	Recipe      bool   `json:"recipe"`            // of its own, for --recipe=paper
	All         bool   `json:"all"`               // among those of compare --methods=all
}

// Run lists.
func (m *methodsCmd) Run(c *console) error {
	var all []described
	variants := len(method.All())
	for i, m := range methods() {
		d := described{Name: m.Name, Title: m.Title, ArXiv: m.ArXiv, Images: m.Images, SecondStage: m.Second != nil, Recipe: m.Recipe != nil, All: i < variants}
		if m.Teacher != nil {
			d.Teacher = m.Teacher.Name
		}
		all = append(all, d)
	}
	if m.JSON {
		return writeJSON(c, all)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\ttitle\tarXiv\timages\tsecond stage\town recipe\tteacher")
	yes := map[bool]string{true: "yes"}
	for _, d := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", d.Name, d.Title, d.ArXiv, d.Images, yes[d.SecondStage], yes[d.Recipe], d.Teacher)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "\nRecipes of data sets, for any method, by --recipe:")
	for _, p := range experiment.Presets() {
		s := p.Settings
		fmt.Fprintf(c.out, "%s: %s, ResNet-%d at %d×%d, %d epochs, batches of %d. %s.\n", p.Name, p.Title, s.Depth, s.Size, s.Size, s.Epochs, s.Batch, p.Source)
	}
	return nil
}
