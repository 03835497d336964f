package main

import (
	"context"
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/report"
)

type reportCmd struct {
	Runs        []string `arg:"" name:"run" help:"Folders of runs, finished or not, or of comparisons."`
	Out         string   `short:"o" help:"The page." default:"report.html" placeholder:"FILE"`
	FiguresOnly bool     `help:"Do not test the model once more: the page has the figures that training left."`
}

func (reportCmd) Help() string {
	return `One HTML page that needs nothing else. Of one run it has the long tail, the curves, the classes, and, by testing the model once
more on the run's images, confusion and calibration.

` + example("longtail report runs/first", "longtail report runs/first -o first.html", "longtail report runs/first --figures-only")
}

// Run writes the page.
func (r *reportCmd) Run(ctx context.Context, c *console) error {
	var runs []*report.Run
	for _, dir := range r.Runs {
		if !r.FiguresOnly {
			fmt.Fprintf(c.log, "testing the model of %s once more\n", dir)
		}
		run, err := report.Open(ctx, dir, report.Settings{FiguresOnly: r.FiguresOnly})
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	if err := writePage(r.Out, runs); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s is the page\n", r.Out)
	return nil
}

// writePage writes a page, whole or not at all.
func writePage(path string, runs []*report.Run) error {
	return atomicfile.Write(path, func(w io.Writer) error { return report.Write(w, runs...) })
}
