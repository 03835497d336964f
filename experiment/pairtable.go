package experiment

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// mostPaired is of how many methods all pairs are shown; of more each beside the best.
const mostPaired = 5

// writePairs writes the differences between methods.
func (t Table) writePairs(out io.Writer) error {
	pairs, which := t.shownPairs()
	if len(pairs) > 0 {
		figures := []struct {
			name string
			of   func(Pair) Difference
		}{{"top-1", func(p Pair) Difference { return p.Top1 }}}
		if t.unbalanced() {
			figures = append(figures, struct {
				name string
				of   func(Pair) Difference
			}{"balanced accuracy", func(p Pair) Difference { return p.Balanced }})
		}
		for _, f := range figures {
			w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
			fmt.Fprintf(w, "\ndifference in %s (points)%s\t\t95%% interval\tp\t\n", f.name, which)
			for _, p := range pairs {
				d, chance, noise := f.of(p), fmt.Sprintf("%.3f", f.of(p).P), ""
				if d.P < 0.001 {
					chance = "<0.001"
				}
				if d.WithinNoise {
					noise = "within noise"
				}
				fmt.Fprintf(w, "%s − %s\t%+.2f\t%+.2f to %+.2f\t%s\t%s\n", t.title(p.A), t.title(p.B), d.Mean, d.Low, d.High, chance, noise)
			}
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(pairs, func(p Pair) bool { return len(p.Seeds) == 1 }) {
			fmt.Fprintln(out, "(one seed: intervals are of other test images, not of other trainings)")
		}
	}
	if len(t.NoInterval) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\nno interval: %s\n", strings.Join(t.NoInterval, "\nno interval: "))
	return err
}

// shownPairs are those of the text, and which they are.
func (t Table) shownPairs() ([]Pair, string) {
	if len(t.Rows) <= mostPaired {
		return t.Pairs, ""
	}
	best := t.Rows[0]
	for _, r := range t.Rows {
		if r.All != nil && (best.All == nil || r.All.Mean > best.All.Mean) {
			best = r
		}
	}
	var some []Pair
	for _, p := range t.Pairs {
		if p.A == best.Method {
			p.A, p.B, p.Top1, p.Balanced = p.B, p.A, p.Top1.reversed(), p.Balanced.reversed()
		}
		if p.B == best.Method {
			some = append(some, p)
		}
	}
	return some, " from the best, " + best.Title
}

// reversed is B less A.
func (d Difference) reversed() Difference {
	d.Mean, d.Low, d.High = -d.Mean, -d.High, -d.Low
	return d
}

func (t Table) title(method string) string {
	for _, r := range t.Rows {
		if r.Method == method {
			return r.Title
		}
	}
	return method
}
