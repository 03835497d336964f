// Finetune gives a model file new classes: a new classifier learns on the frozen backbone, then all of it
// learns slowly, and the first layers most slowly (optim.LayerDecay).
//
//	go run ./examples/finetune -model model.safetensors -data DIR -out new.safetensors
//
// DIR has a folder train and a folder test, and in each a folder of JPEG or PNG files for each class.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

func main() {
	model := flag.String("model", "", "the `file` to begin with, or a checkpoint")
	data := flag.String("data", "", "the `folder` of the images")
	out := flag.String("out", "finetuned.safetensors", "the `file` to save")
	head := flag.Int("head", 10, "epochs of the classifier alone")
	all := flag.Int("all", 10, "epochs of the whole network after them")
	batch := flag.Int("batch", 64, "images in a step")
	decay := flag.Float64("decay", 0.75, "`part` of the rate that each layer has of the one behind it, when all of it learns")
	flag.Parse()
	if *model == "" || *data == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *model, *data, *out, *head, *all, *batch, *decay); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, model, data, out string, head, all, batch int, decay float64) error {
	old, about, err := hybrid.Open(model)
	if err != nil {
		return err
	}
	in, to := old.Input(), old.Scale(about.Fit)
	folder := func(name string) (*dataset.Folder, error) { // brings images to size as the model's were
		return dataset.OpenFolder(filepath.Join(data, name), dataset.FolderSettings{Height: to.Height, Width: to.Width, Fit: to.Fit})
	}
	streams := hybrid.CEBalanced()
	if to.Fit == dataset.Whole { // a model of photographs
		streams = streams.Augment(augment.Compose{augment.ResizedCrop{Height: in.Height, Width: in.Width}, augment.Flip{P: 0.5}})
	}
	trainSet, err := folder("train")
	if err != nil {
		return err
	}
	test, err := folder("test")
	if err != nil {
		return err
	}
	net, err := hybrid.NewNetwork(old.Backbone, len(trainSet.Classes()), hybrid.WithoutProjection(),
		hybrid.WithInput(in.Height, in.Width, in.Channels), hybrid.WithNormalize(old.Normalize()), hybrid.WithResize(old.Resize()))
	if err != nil {
		return err
	}
	sgd := optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}
	fit := func(what string, epochs int, rate float64, rule optim.Rule) error {
		if epochs == 0 {
			return nil
		}
		result, err := train.Trainer{Streams: streams, Epochs: epochs, Batch: min(batch, trainSet.Len()),
			LearningRate: schedule.Cosine{Base: rate}, Optimizer: rule, ClipNorm: 1, EvalEvery: epochs}.Fit(context.Background(), net, trainSet, test)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-14s %s\n", what, result.Last)
		return nil
	}
	if _, err := nn.FreezePaths(net, "backbone"); err != nil {
		return err
	}
	if err := fit("classifier", head, 0.1, sgd); err != nil {
		return err
	}
	nn.Freeze(net, false)
	if err := fit("whole network", all, 0.01, optim.LayerDecay{Rule: sgd, Decay: decay}); err != nil {
		return err
	}
	about = hybrid.AboutOf(trainSet)
	about.Method = "fine-tuned"
	return hybrid.Save(out, net, about)
}
