package main

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/tensor"
)

type nearestCmd struct {
	Model  string   `arg:"" help:"Folder of a run, a model file, or a checkpoint."`
	Index  string   `arg:"" help:"File of embeddings that longtail embed made with that model."`
	Images []string `arg:"" help:"Image files, and folders of them."`
	K      int      `short:"k" help:"Images to name, the nearest first." default:"5" placeholder:"IMAGES"`
	JSON   bool     `name:"json" help:"Write JSON."`
}

func (nearestCmd) Help() string {
	return `Names the embedded images of the largest cosine with each image: what the model takes it for, and from which training images. An image that cannot be read is told of, and the others go on; the exit code is then 1.

` + example("longtail nearest runs/first train.safetensors photo.jpg", "longtail nearest runs/first train.safetensors holiday/ -k 1 --json")
}

// alike are the images nearest to one.
type alike struct {
	File    string `json:"file"`
	Error   string `json:"error,omitempty"`
	Nearest []near `json:"nearest,omitempty"`
}

// near is one of them.
type near struct {
	Name   string  `json:"name"`
	Class  string  `json:"class"`
	Cosine float32 `json:"cosine"`
}

// Run searches.
func (n *nearestCmd) Run(ctx context.Context, c *console) error {
	if n.K < 1 {
		return misused("-k=%d must be at least 1", n.K)
	}
	index, err := openIndex(n.Index)
	if err != nil {
		return err
	}
	predictor, err := openPredictor(n.Model)
	if err == nil {
		err = index.CheckModel(predictor)
	}
	if err != nil {
		return err
	}
	files, err := imageFiles(n.Images)
	if err != nil {
		return err
	}
	all, bad := []alike{}, 0
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		one, err := n.find(ctx, predictor, index, path)
		if err != nil {
			one.Error = err.Error()
			bad++
			fmt.Fprintln(c.log, err) // it names the file
		}
		all = append(all, one)
		if n.JSON || err != nil {
			continue
		}
		lines := path + "\n"
		for _, k := range one.Nearest {
			lines += fmt.Sprintf("%8.4f  %s  %s\n", k.Cosine, k.Class, k.Name)
		}
		if _, err := fmt.Fprint(c.out, lines); err != nil || c.out.Gone() {
			return err
		}
	}
	if n.JSON {
		if err := writeJSON(c, all); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d images cannot be read", bad, len(files))
	}
	return nil
}

func (n *nearestCmd) find(ctx context.Context, p *hybrid.Predictor, index *embedding.Index, path string) (alike, error) {
	one := alike{File: path}
	picture, err := imagefile.DecodeFile(ctx, path, imagefile.Settings{})
	if err != nil {
		return one, err
	}
	var vector *tensor.Tensor
	x, err := p.Prepare(picture)
	if err == nil {
		vector, err = p.EmbedPrepared(x)
	}
	if err != nil {
		return one, fmt.Errorf("%s: %w", path, err)
	}
	found, err := index.Nearest(ctx, vector, n.K)
	if err != nil {
		return one, err
	}
	for _, f := range found[0] {
		one.Nearest = append(one.Nearest, near{index.Name(f.Row), index.Class(f.Row), f.Cosine})
	}
	return one, nil
}

func openIndex(path string) (*embedding.Index, error) {
	set, err := embedding.Open(path)
	if err != nil {
		return nil, err
	}
	return embedding.NewIndex(set)
}
