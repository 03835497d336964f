package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/terminal"
)

// Exit codes.
const (
	failed  = 1
	usage   = 2
	stopped = 3
	unmet   = 4
)

// cli are the commands.
type cli struct {
	Data       dataCmd       `cmd:"" help:"Say what is in a folder of images, and what to do next."`
	Train      trainCmd      `cmd:"" help:"Train a model, and keep the run in a folder."`
	Watch      watchCmd      `cmd:"" help:"Follow a run that is being trained."`
	Compare    compareCmd    `cmd:"" help:"Train several methods alike, and make one table."`
	Sweep      sweepCmd      `cmd:"" help:"Try settings of a method, and choose by held-out images."`
	Evaluate   evaluateCmd   `cmd:"" help:"Test a model on a folder of images."`
	Predict    predictCmd    `cmd:"" help:"Say what is on images."`
	Report     reportCmd     `cmd:"" help:"Make a page to look at, of a run or of several."`
	Export     exportCmd     `cmd:"" help:"Write a model as an ONNX file, for other programs."`
	Embed      embedCmd      `cmd:"" help:"Write the embeddings of images, to search and to look at."`
	Nearest    nearestCmd    `cmd:"" help:"Name the embedded images nearest to others."`
	KNN        knnCmd        `cmd:"" name:"knn" help:"Test embeddings by what is nearest."`
	Duplicates duplicatesCmd `cmd:"" help:"Name embedded images that are nearly the same."`
	Serve      serveCmd      `cmd:"" help:"Answer what is on images, over HTTP."`
	Methods    methodsCmd    `cmd:"" help:"List the methods."`
	Version    versionCmd    `cmd:"" help:"Say which version this is."`
	Completion completionCmd `cmd:"" help:"Write the script that completes commands and options in a shell."`
}

// console is where a command writes: results to out, how it goes to log.
type console struct{ out, log *terminal.Stream }

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

func misused(format string, args ...any) error { return exitError{usage, fmt.Errorf(format, args...)} }

// run parses and runs one command line, and returns the exit code.
func run(ctx context.Context, args []string, out, log io.Writer) int {
	c := &console{terminal.NewStream(out), terminal.NewStream(log)}
	code := runOn(ctx, args, c)
	if err := c.out.Err(); err != nil && (code == 0 || code == usage) { // whose help was not written
		fmt.Fprintln(c.log, "longtail: writing the output:", err)
		return failed
	}
	return code
}

func runOn(ctx context.Context, args []string, c *console) int {
	helped := false
	parser, err := newParser(c.out, c.log, func(int) { helped = true })
	if err != nil {
		fmt.Fprintln(c.log, "longtail:", err)
		return failed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		fmt.Fprintf(c.log, "longtail: %v (longtail --help lists commands and options)\n", err)
		return usage
	}
	if err := kernels.CheckEnvironment(); err != nil && command.Command() != "version" {
		return code(exitError{usage, err}, c.log)
	}
	if _, n := started(); n != "" && n != "1" && command.Command() != "train" && command.Command() != "version" {
		return code(misused("mpirun or srun has started %s processes of longtail %s: only longtail train works on several ranks", n, command.Command()), c.log)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return code(command.Run(c, parser), c.log)
}

const description = `Learn from long-tailed image data: a few classes have many images, most have few.

Exit codes: 0 all is well; 1 it failed; 2 the command line is wrong; 3 it was stopped and saved, and --resume goes on; 4 a check did not pass;
130 it was stopped, and there is nothing to go on with.`

func newParser(out, log io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(&cli{}, kong.Name("longtail"), kong.Writers(out, log), kong.Exit(exit),
		kong.Description(description), kong.ValueFormatter(withDefault),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}), kong.Vars{"methods": methodNames(), "recipes": recipeNames()})
}

// code tells of an error and returns its exit code.
func code(err error, log io.Writer) int {
	if err == nil {
		return 0
	}
	if err.Error() != "" {
		fmt.Fprintln(log, "longtail:", strings.TrimPrefix(err.Error(), "experiment: "))
	}
	var e exitError
	switch {
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, context.Canceled):
		return 130 // as shells have it for Ctrl-C, where there is nothing to go on with
	}
	return failed
}

// example lists command lines in a help.
func example(lines ...string) string {
	text := "Examples:\n"
	for _, l := range lines {
		text += "\n    " + l
	}
	return text
}

// withDefault is the help of an option, with its default where the help does not tell it itself.
func withDefault(v *kong.Value) string {
	if v.Default == "" || strings.Contains(v.Help, "efault") {
		return v.Help
	}
	return strings.TrimSuffix(v.Help, ".") + " (default: " + v.Default + ")."
}
