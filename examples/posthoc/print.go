package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// result is what was found of a model.
type result struct {
	Model       string       `json:"model"`
	Method      string       `json:"method,omitempty"` // that trained it
	Classifiers []classifier `json:"classifiers"`
	Measures    measures     `json:"measures"`
}

func (r *result) print(w io.Writer) error {
	fmt.Fprintf(w, "%s (%s)\n", r.Model, r.Method)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "top-1 (%) on the test set\tmany\tmedium\tfew\tall\tECE (%)\tNLL")
	for _, c := range r.Classifiers {
		nll := "n/a"
		if c.NLL != nil {
			nll = fmt.Sprintf("%.3f", *c.NLL)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Name, c.Many, c.Medium, c.Few, c.Top1, c.ECE, nll)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "features: alignment %.3f, uniformity %.3f, class means from a simplex %.3f\n\n", r.Measures.Alignment, r.Measures.Uniformity,
		r.Measures.FromSimplex)
	return err
}
