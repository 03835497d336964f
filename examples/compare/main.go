// Compare trains several methods on one data set, over a list of seeds, and prints one table.
//
//	go run ./examples/compare -methods all -quick
//	go run ./examples/compare -methods ce,ldam-drw,hybrid-sc -seeds 1,2,3 -data cifar-10-batches-bin -with f.json -json f.json
//
// All methods have the same data, backbone, learning rate, optimizer and, unless -views paper asks for those of the papers,
// augmentation. One has more: BBN's backbone has its last block twice, and its classifier reads both, twice the width; the
// table's parameters show it. -recipe paper -equal epochs trains each method by its own batch, learning rate and optimizer
// instead (method.Method.Recipe, which not all have); their full batches differ, so add -show training.images_seen.
//
// A hybrid sees three images where cross-entropy sees one, so a method of m images a sample draws batches of -batch/m
// samples for -epochs/m epochs: as many steps on as many images. With -equal epochs every method draws -batch samples for
// -epochs epochs, as the papers do; then -show training.images_seen says that the table shows the difference.
//
// -json FILE is written after every run. -with FILE joins the runs of such a file: methods and seeds that it has are not
// trained again if they would be trained in the same way. So a command with one file for both, as above, and no other in -with,
// begins, and goes on where it was stopped. With -methods none it only makes the table, of runs from several files for example.
//
// Runs that differ in data, backbone, recipe, images seen or the groups of classes are refused in one table, before anything
// is trained, unless -show names the field of the manifest, which becomes a column. Runs of different seeds are compared in
// what does not depend on the seed. Files written before the recipe was part of the manifest are taken at their word on it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
		err = run(ctx, s, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}
