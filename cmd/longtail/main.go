// Longtail learns from long-tailed image data: it looks at a folder of images, trains a model on it, compares methods,
// says what is on other images, and answers programs that ask.
//
//	longtail data photos
//	longtail train --data photos --out runs/first
//	longtail evaluate runs/first photos
//	longtail predict runs/first photo.jpg
//	longtail export runs/first -o model.onnx
//	longtail serve runs/first
//
// longtail --help lists the commands, longtail COMMAND --help shows a command's options with examples. Exit codes are
//
//	0    all is well
//	1    it failed
//	2    the command line is wrong
//	3    it was stopped (Ctrl-C, SIGTERM, a closed terminal) and saved: the same command with --resume goes on
//	4    a check did not pass: data found files that cannot be read or images that are in two parts or two classes, or
//	     compare a method below --floor
//	130  it was stopped, and there is nothing to go on with
//
// A second Ctrl-C ends it at once. A reader of its output that goes away does not end it; output that cannot be written, as on a
// full disk, is a failure.
package main

import (
	"fmt"
	"os"

	"github.com/longtail-ml/longtail/internal/terminal"
)

func main() {
	signals, what := terminal.Context, "this step"
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		signals, what = terminal.ServerContext, "the requests that came"
	}
	ctx := signals(func() {
		if rank, _ := started(); rank != "" && rank != "0" { // one tells
			return
		}
		fmt.Fprintf(os.Stderr, "stopping after %s; once more to stop at once\n", what)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
