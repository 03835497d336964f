// Cifarlt runs the experiment of hybrid networks (arXiv 2103.14267): it cuts a long tail from an image data set, trains
// one method on it and reports the accuracy on the balanced test set.
//
//	go run ./examples/cifarlt -data cifar-10-batches-bin -method hybrid-sc -imbalance 100 -json run.json
//
// The data are CIFAR-10 or CIFAR-100 in the binary version, or folders train and test with one folder of JPEG or PNG
// files for each class. The defaults are the paper's: ResNet-32, batch 512, 200 epochs, learning rate 0.5 cut tenfold at
// 60% and 80%.
//
// Figures are those of the last epoch. With -holdout 0.1 they are also those of the best: a tenth of each class of the
// training set is held out, the epoch that does best on it is chosen, and the test set is looked at once, in the end.
//
// Ctrl-C stops after the step and reports what was reached; a second one stops at once. With -out DIR the run is saved in
// DIR as it goes, and when it is interrupted: the same command with -resume goes on where it was, with the same result as
// if it had never stopped. DIR has
//
//	manifest.json          what the run is
//	metrics.csv, steps.csv figures of each epoch, and of each step
//	tensorboard            the same for TensorBoard
//	checkpoints            to go on from, and the best epoch's
//	report.json            in the end: the result, with the manifest in it
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
		context.AfterFunc(ctx, func() {
			stop() // the next signal finds nobody who waits for it, and ends the program
			fmt.Fprintln(os.Stderr, "stopping after this step; once more to stop at once")
		})
		err = run(ctx, s, os.Stdout, os.Stderr)
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "cifarlt:", err)
		os.Exit(130) // as shells have it for Ctrl-C
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cifarlt:", err)
		os.Exit(1)
	}
}
