package main

import (
	"context"
	"fmt"
)

type duplicatesCmd struct {
	Embeddings string  `arg:"" help:"File of embeddings that longtail embed made."`
	AtLeast    float64 `name:"at-least" help:"Cosine of two images that are told of." default:"0.99" placeholder:"COSINE"`
	Most       int     `help:"Pairs to name, the nearest first." default:"50" placeholder:"PAIRS"`
	JSON       bool    `name:"json" help:"Write JSON."`
}

func (duplicatesCmd) Help() string {
	return `Names pairs of images that the model takes for nearly the same: the same scene again, a crop, a copy saved anew. Of two classes, one of them may be labelled wrong. longtail data finds those with the same pixels.

` + example("longtail duplicates train.safetensors", "longtail duplicates train.safetensors --at-least 0.95 --json")
}

// doubled is the JSON.
type doubled struct {
	Total int        `json:"total"` // pairs, named or not
	Pairs []samePair `json:"pairs"`
}

type samePair struct {
	Cosine float32   `json:"cosine"`
	Names  [2]string `json:"names"`
	Rows   [2]int    `json:"rows"`
	Class  [2]string `json:"classes"`
}

// Run searches.
func (d *duplicatesCmd) Run(ctx context.Context, c *console) error {
	if !(d.AtLeast > -1 && d.AtLeast <= 1) || d.Most < 1 {
		return misused("--at-least must be above -1 and at most 1, --most at least 1")
	}
	index, err := openIndex(d.Embeddings)
	if err != nil {
		return err
	}
	pairs, total, err := index.Duplicates(ctx, d.AtLeast, d.Most)
	if err != nil {
		return err
	}
	all := doubled{Total: total, Pairs: []samePair{}}
	for _, p := range pairs {
		all.Pairs = append(all.Pairs, samePair{p.Cosine, [2]string{index.Name(p.A), index.Name(p.B)}, [2]int{p.A, p.B}, [2]string{index.Class(p.A), index.Class(p.B)}})
	}
	if d.JSON {
		return writeJSON(c, all)
	}
	fmt.Fprintf(c.out, "%d pairs of %d images have a cosine of %g or more\n", total, index.Len(), d.AtLeast)
	for _, p := range all.Pairs {
		classes := p.Class[0]
		if p.Class[1] != classes {
			classes += " and " + p.Class[1]
		}
		fmt.Fprintf(c.out, "%8.4f  %s: %s, %s\n", p.Cosine, classes, p.Names[0], p.Names[1])
	}
	if total > len(pairs) {
		fmt.Fprintf(c.out, "(the nearest %d; --most names more)\n", len(pairs))
	}
	return nil
}
