package dataset

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// PassedOver counts files or folders that lie beside images and are not in a set.
type PassedOver struct {
	What    string `json:"what"` // ".txt files", "hidden files and folders", …
	Count   int    `json:"count"`
	Example string `json:"example"` // the path of one
}

// String is "3 .txt files (ant/notes.txt, …)".
func (p PassedOver) String() string {
	more := ""
	if p.Count > 1 {
		more = ", …"
	}
	return fmt.Sprintf("%d %s (%s%s)", p.Count, p.What, p.Example, more)
}

// passing collects what is passed over, by kind.
type passing map[string]*PassedOver

func (p passing) add(what, path string) {
	if p[what] == nil {
		p[what] = &PassedOver{What: what, Example: filepath.ToSlash(path)}
	}
	p[what].Count++
}

// file adds a file that is no image by its name.
func (p passing) file(path string) {
	if ext := strings.ToLower(filepath.Ext(path)); ext != "" {
		p.add(ext+" files", path)
		return
	}
	p.add("files without extension", path)
}

// list returns all kinds, the most frequent first.
func (p passing) list() []PassedOver {
	var all []PassedOver
	for _, one := range p {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b PassedOver) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What))
	})
	return all
}
