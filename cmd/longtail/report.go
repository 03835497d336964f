package main

import (
	"context"
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/report"
)

type reportCmd struct {
	Runs        []string `arg:"" name:"run" help:"Folders of runs, finished or not, or of comparisons, or the JSON of these."`
	Out         string   `short:"o" help:"The page." default:"report.html" placeholder:"FILE"`
	PNG         string   `name:"png" help:"Write the plots as PNG files into this folder too." placeholder:"DIR"`
	FiguresOnly bool     `help:"Do not test the model once more: the page has the figures that training left."`
}

func (reportCmd) Help() string {
	return `One HTML page that needs nothing else. Of one run it has the long tail, the curves, the classes, and, by testing the model once
more on the run's images, confusion, calibration, embeddings, and images that went wrong. Of several runs it has them side by side:
figures with intervals, curves over each other, differences by class, and what differs between the manifests.

` + example("longtail report runs/first", "longtail report runs/first -o first.html --png plots", "longtail report runs/first --figures-only", "longtail report runs/first runs/compared")
}

// Run writes the page.
func (r *reportCmd) Run(ctx context.Context, c *console) error {
	return makePage(ctx, c, r.Out, r.PNG, r.Runs, report.Settings{FiguresOnly: r.FiguresOnly})
}

// makePage writes a page of the runs that paths lead to, and its plots into a folder, unless that is "".
func makePage(ctx context.Context, c *console, page, plots string, paths []string, s report.Settings) error {
	if !s.FiguresOnly && len(paths) == 1 {
		fmt.Fprintf(c.log, "looking at %s; a single model is tested once more\n", paths[0])
	}
	runs, err := report.OpenAll(ctx, paths, s)
	if err != nil {
		return err
	}
	for _, r := range runs {
		for _, note := range r.Notes {
			fmt.Fprintf(c.log, "%s: %s\n", r.Name, note)
		}
	}
	if err := writePage(c, page, runs); err != nil {
		return err
	}
	if plots != "" {
		files, err := report.WritePNG(plots, runs...)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.log, "%d plots in %s\n", len(files), plots)
	}
	return nil
}

// writePage writes a page, whole or not at all.
func writePage(c *console, page string, runs []*report.Run) error {
	if err := atomicfile.Write(page, func(w io.Writer) error { return report.Write(w, runs...) }); err != nil {
		return err
	}
	fmt.Fprintf(c.log, "%s is the page\n", page)
	return nil
}
