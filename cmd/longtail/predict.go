package main

import (
	"context"
	"fmt"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/imagefile"
)

type predictCmd struct {
	Model  string     `arg:"" help:"Folder of a run, a model file, or a checkpoint."`
	Images []string   `arg:"" help:"Image files, and folders of them."`
	Top    *int       `help:"Classes to name, the most probable first (default: 5, all with --json)." placeholder:"CLASSES"`
	TTA    hybrid.TTA `name:"tta" help:"Test-time augmentation: average over an image and its mirror image (flip), or over crops of its corners and middle and theirs (ten-crop)." enum:"none,flip,ten-crop" default:"none" placeholder:"WHICH"`
	JSON   bool       `name:"json" help:"Write JSON, with all probabilities unless --top is given."`
}

func (predictCmd) Help() string {
	return `Images of any size are brought to the size of the model's. An image that cannot be read is told of, and the others go on; the exit code is then 1.

` + example("longtail predict runs/first photo.jpg", "longtail predict runs/first/model.safetensors holiday/ --top 1", "longtail predict runs/first photo.jpg --json")
}

// seen is what is said of an image.
type seen struct {
	File    string     `json:"file"`
	Error   string     `json:"error,omitempty"`
	Classes []probable `json:"classes,omitempty"`
}

type probable struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

// Run predicts.
func (p *predictCmd) Run(ctx context.Context, c *console) error {
	if p.Top != nil && *p.Top < 1 {
		return misused("--top=%d must be at least 1", *p.Top)
	}
	predictor, err := openPredictor(p.Model)
	if err == nil {
		predictor, err = predictor.WithTTA(p.TTA)
	}
	if err != nil {
		return err
	}
	files, err := imageFiles(p.Images)
	if err != nil {
		return err
	}
	all, bad := []seen{}, 0
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := seen{File: path}
		classes, err := classify(ctx, predictor, path)
		if err != nil {
			s.Error = err.Error()
			bad++
			fmt.Fprintln(c.log, err) // it names the file
		}
		for _, r := range classes.Top(p.top(len(classes))) {
			s.Classes = append(s.Classes, probable{r.Class, r.Probability})
		}
		if p.JSON {
			all = append(all, s)
			continue
		}
		if err == nil {
			err = p.print(c, s)
			if err != nil || c.out.Gone() {
				return err
			}
		}
	}
	if p.JSON {
		if err := writeJSON(c, all); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d images cannot be read", bad, len(files))
	}
	return nil
}

// top is how many of the classes are named.
func (p *predictCmd) top(classes int) int {
	switch {
	case p.Top != nil:
		return *p.Top
	case p.JSON:
		return classes
	}
	return 5
}

func (p *predictCmd) print(c *console, s seen) error {
	lines := s.File + "\n"
	for _, k := range s.Classes {
		lines += fmt.Sprintf("%6.1f%%  %s\n", 100*k.Probability, k.Class)
	}
	_, err := fmt.Fprint(c.out, lines)
	return err
}

// openPredictor opens a model, and names the classes of one that does not by number.
func openPredictor(path string) (*hybrid.Predictor, error) {
	net, about, err := hybrid.Open(path)
	if err != nil {
		return nil, err
	}
	predictor, err := net.Freeze()
	if err != nil || len(about.Classes) > 0 {
		return predictor, err
	}
	for c := range net.Classes() {
		about.Classes = append(about.Classes, fmt.Sprintf("class %d", c))
	}
	return predictor.WithAbout(about)
}

func classify(ctx context.Context, p *hybrid.Predictor, path string) (hybrid.Classification, error) {
	picture, err := imagefile.DecodeFile(ctx, path, imagefile.Settings{})
	if err != nil {
		return nil, err
	}
	classes, err := p.Classify(picture)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return classes, nil
}

// imageFiles lists files, and the images in folders.
func imageFiles(paths []string) (all []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			all = append(all, path) // what is missing is told of as what cannot be read
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, e := range entries {
			if imagefile.IsName(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				all = append(all, filepath.Join(path, e.Name()))
			}
		}
		if len(all) == before {
			return nil, fmt.Errorf("the folder %s has no image", path)
		}
	}
	return all, nil
}
