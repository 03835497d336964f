// Folder trains a method on photographs in class folders, and keeps the model.
//
//	go run ./examples/folder -data photos -method hybrid-sc -out photos.safetensors
//
// photos has a folder train and a folder test, and in each a folder of JPEG, PNG or WebP files for each class.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/pretrained"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// settings are the flags.
type settings struct {
	data, method, init, out    string
	size, depth, epochs, batch int
}

func main() {
	var s settings
	flag.StringVar(&s.data, "data", "", "the `folder` of the images")
	flag.StringVar(&s.method, "method", "hybrid-sc", "a `name` in docs/methods")
	flag.StringVar(&s.init, "init", "", "`file` of the backbone's first weights, such as torchvision's resnet18.pth; random without it")
	flag.StringVar(&s.out, "out", "model.safetensors", "the `file` to save")
	flag.IntVar(&s.size, "size", 224, "height and width of what the network sees, in `pixels`")
	flag.IntVar(&s.depth, "depth", 18, "of the ResNet: 18, 34, 50, 101 or 152")
	flag.IntVar(&s.epochs, "epochs", 100, "of training")
	flag.IntVar(&s.batch, "batch", 64, "images in a step, of each stream")
	flag.Parse()
	if s.data == "" {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, s settings) error {
	m, err := method.ByName(s.method)
	if err != nil {
		return err
	}
	if m.NeedsHeld || m.Teacher != nil {
		return fmt.Errorf("%s takes a held-out set or a teacher, which longtail train makes", m.Name)
	}
	trainSet, test, err := dataset.Open(s.data, dataset.FolderSettings{Fit: dataset.Whole}) // views choose from whole photographs
	if err != nil {
		return err
	}
	normalize := augment.ImageNetNormalize() // with which torchvision's weights were trained
	if s.init == "" {
		if normalize, err = augment.NormalizeOf(ctx, trainSet); err != nil {
			return err
		}
	}
	body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: s.depth, Branches: m.Branches}) // several where it has experts
	if err != nil {
		return err
	}
	net, streams, err := m.New(body, method.Setup{Counts: dataset.Counts(trainSet), Size: s.size},
		hybrid.WithInput(s.size, s.size, 3), hybrid.WithResize(augment.Resize{Shorter: s.size * 8 / 7}), hybrid.WithNormalize(normalize))
	if err != nil {
		return err
	}
	if s.init != "" {
		loaded, err := pretrained.Load(s.init, net, pretrained.Settings{})
		if err != nil {
			return err
		}
		fmt.Fprintln(w, loaded)
	}
	streams = streams.Augment(augment.Compose{augment.ResizedCrop{Height: s.size, Width: s.size}, augment.Flip{P: 0.5}})
	_, err = train.Trainer{Streams: streams, Epochs: s.epochs, Batch: min(s.batch, trainSet.Len()), ClipNorm: 1,
		Observers: []record.Observer{&record.Progress{W: w}}}.Fit(ctx, net, trainSet, nil)
	if err != nil {
		return err
	}
	if err := m.Finish(ctx, net, method.Stage{Train: trainSet}); err != nil { // the second stage of methods that have one
		return err
	}
	confusion, err := net.Evaluate(ctx, test, 0)
	if err != nil {
		return err
	}
	figures, err := confusion.Report(dataset.Counts(trainSet), nil) // top-1 in all, and of classes with many, medium and few images
	if err != nil {
		return err
	}
	fmt.Fprintln(w, figures)
	about := hybrid.AboutOf(trainSet)
	about.Method = m.Name
	return hybrid.Save(s.out, net, about)
}
