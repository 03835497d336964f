package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/hybrid"
)

type embedCmd struct {
	Model string `arg:"" help:"Folder of a run, a model file, or a checkpoint."`
	Data  string `arg:"" optional:"" help:"Images as evaluate takes them, or features for a model of such. Left out: the training set of the run."`
	Split string `help:"Part of DATA to embed (default: train, else what there is)." placeholder:"NAME"`
	reading
	Out        string `short:"o" required:"" help:"File to write: .safetensors has all in one, for serve, nearest and duplicates; .npy has labels and names in files beside it." placeholder:"FILE"`
	Thumbnails int    `help:"Height and width of small pictures to keep in a .safetensors file; 0: none." default:"64" placeholder:"PIXELS"`
	Projector  string `help:"Folder for what TensorBoard's projector shows." placeholder:"DIR"`
	Sprite     bool   `help:"With --projector, the thumbnails too."`
}

func (embedCmd) Help() string {
	return `An embedding is a vector of length one: that of the projection head, or of a model without one the backbone's features, scaled.

` + example("longtail embed runs/first -o train.safetensors", "longtail embed runs/first photos --split test -o test.npy", "longtail embed runs/first -o train.safetensors --projector projector --sprite", "longtail serve runs/first --index train.safetensors")
}

// Run embeds.
func (e *embedCmd) Run(ctx context.Context, c *console) error {
	if e.Sprite && e.Projector == "" {
		return misused("--sprite is for --projector")
	}
	if err := embedding.CheckName(e.Out); err != nil {
		return misused("--out: %v", err)
	}
	net, about, err := hybrid.Open(e.Model)
	if err != nil {
		return err
	}
	predictor, err := net.Freeze()
	if err != nil {
		return err
	}
	images, where, err := e.open(ctx, net, about)
	if err != nil {
		return err
	}
	set, err := embedding.Of(ctx, predictor, images, embedding.Settings{Thumbnails: e.Thumbnails})
	if err != nil {
		return listing(err, e.Data)
	}
	if err := set.Save(e.Out); err != nil {
		return err
	}
	if e.Projector != "" {
		if err := set.SaveProjector(e.Projector, e.Sprite); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(c.out, "%s: %d images of %d classes, vectors of %d values in %s\n", where, set.Len(), len(set.Classes), set.Dim(), e.Out)
	return err
}

// open finds the images, and brings them to size as the model's were.
func (e *embedCmd) open(ctx context.Context, net *hybrid.Network, about hybrid.About) (images dataset.Dataset, where string, err error) {
	if e.Data == "" {
		return e.ofRun(ctx)
	}
	if net.Input().Features > 0 {
		return featuresOf(e.Data, e.Split, "train")
	}
	how, err := e.reading.settings()
	if err != nil {
		return nil, "", err
	}
	s, err := how.Settings()
	if err != nil {
		return nil, "", err
	}
	to := net.Scale(about.Fit)
	s.Width, s.Height, s.Fit, s.SplitSettings.Index = to.Width, to.Height, to.Fit, dataset.IndexFile
	images, where, err = source.OpenPart(ctx, e.Data, cmp.Or(e.Split, "train"), s)
	if e.Split == "" && errors.Is(err, source.ErrNoPart) {
		images, where, err = source.OpenPart(ctx, e.Data, "", s)
	}
	if err != nil {
		return nil, "", listing(err, e.Data)
	}
	return images, where, nil
}

// ofRun opens the training set of the run.
func (e *embedCmd) ofRun(ctx context.Context) (dataset.Dataset, string, error) {
	var b begun
	if e.Split != "" || e.reading != (reading{}) {
		return nil, "", misused("--split and the options of data are for DATA: name that too")
	}
	if err := readSettings(e.Model, &b); err != nil {
		return nil, "", misused("name the images: %s is not the folder of a run that longtail train began", e.Model)
	}
	b.Settings.Read.Cache = indices()
	d, err := b.Settings.Open(ctx, b.Seed)
	if err != nil {
		return nil, "", listing(err, b.Settings.Data)
	}
	return d.Train, "the run's training set", nil
}
