// Predict names what is on pictures, by a model file of hybrid.Save or a checkpoint of a run.
//
//	go run ./examples/predict examples/predict/cifar10.safetensors photo.jpg...
//
// cifar10.safetensors is a ResNet-32 of the logit-adjusted loss, trained for 200 epochs on 5,000 airplanes down to 50 trucks of CIFAR-10; it is
// right on 75% of the test images (docs/results/2026-11-30-papers-table.md).
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/imagefile"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: predict model.safetensors photo.jpg...")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, model string, photos []string) error {
	net, _, err := hybrid.Open(model)
	if err != nil {
		return err
	}
	predictor, err := net.Freeze()
	if err != nil {
		return err
	}
	for _, path := range photos {
		photo, err := imagefile.DecodeFile(context.Background(), path, imagefile.Settings{})
		if err != nil {
			return err
		}
		found, err := predictor.Classify(photo)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintln(out, path)
		for _, c := range found.Top(5) {
			fmt.Fprintf(out, "%6.1f%%  %s\n", 100*c.Probability, c.Class)
		}
	}
	return nil
}
