package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/experiment"
)

// setup are the options that say how a run is trained, whatever its method: those of train and compare.
type setup struct {
	Data      string  `help:"Folder with train and test, and in each a folder of images for each class; or class folders alone; or CIFAR's or MNIST's files; or tar archives as WebDataset's: a folder of them, or train-{0000..0146}.tar; or a table (CSV, TSV), a list of path and label, or JSON as COCO's and iNaturalist's, or the folder it is in; or features: a folder with train.npy, train_labels.npy, test.npy and so on, or train.safetensors, or one such file." placeholder:"PATH" group:"Data"`
	Quick     bool    `help:"Generated images and a small network, to see it work." group:"Data"`
	Size      int     `help:"Width and height that images are brought to (default: from the images)." placeholder:"PIXELS" group:"Data"`
	Crop      string  `help:"How training images come to that size: resized, random boxes of whole photographs, or padded, the whole image shifted (default: resized for image files with --backbone=resnet, else padded)." enum:",resized,padded" default:"" placeholder:"HOW" group:"Data"`
	Cache     float64 `help:"Keep images that are decoded, where memory has no room for them, in a temporary file of at most so many GiB (default: decode them anew in each epoch)." placeholder:"GIB" group:"Data"`
	Profile   string  `help:"Class counts: exp, step, or natural for those of the data (default: natural if the images are files or the counts differ, else exp)." enum:",exp,step,natural" default:"" placeholder:"NAME" group:"Data"`
	Imbalance float64 `help:"Images of the largest class over those of the smallest, for exp and step (default: 100)." placeholder:"FACTOR" group:"Data"`
	Select    string  `help:"Which images of a class exp and step keep: shuffle (by seed) or first." enum:",shuffle,first" default:"" placeholder:"WHICH" group:"Data"`
	reading

	SkipBad      bool `help:"Read all images first, and leave out those that cannot be read: they are listed, and named in the manifest." group:"Data"`
	AllowMissing bool `help:"Let classes be absent from the validation and test sets: they have no figure, and means are over the others." group:"Data"`
	HashAll      bool `help:"Read all images to tell in the manifest what they are (default: names and sizes of the files, and 256 images)." group:"Data"`

	Backbone  string `help:"cifar: a CIFAR ResNet, for small images; resnet: one for photographs; for features mlp, or linear for a head alone (default: cifar, mlp)." enum:",cifar,resnet,mlp,linear" default:"" placeholder:"NAME" group:"Network"`
	Depth     int    `help:"Depth of the backbone: 6n+2 for cifar, 18, 34, 50, 101 or 152 for resnet, layers of an mlp (default: 32, 18, 1)." placeholder:"LAYERS" group:"Network"`
	Width     int    `help:"Channels of its first stage, or width of an mlp's layers (default: 16, 64, 512)." placeholder:"CHANNELS" group:"Network"`
	Embedding int    `help:"Width of embeddings (default: 128)." placeholder:"WIDTH" group:"Network"`

	Batch      int      `help:"Samples in a batch (default: a tenth of the training images, at most 384)." placeholder:"SAMPLES" group:"Training"`
	LR         float64  `name:"lr" help:"Learning rate (default: 0.5 for a batch of 384, and in proportion)." placeholder:"RATE" group:"Training"`
	Schedule   string   `help:"How the rate falls: steps, by --cuts, or cosine, to 0 along half of one (default: steps, for recipes of data sets cosine)." enum:",steps,cosine" default:"" placeholder:"HOW" group:"Training"`
	Cuts       string   `help:"Percents of the epochs after which the rate is cut tenfold, with commas, or none (default: 80,90)." placeholder:"PERCENTS" group:"Training"`
	Warmup     *float64 `help:"Percent of the epochs in which the rate rises to its height (default: 5, for recipes of data sets 0)." placeholder:"PERCENT" group:"Training"`
	Decay      *float64 `help:"Weight decay of SGD with momentum 0.9 (default: 1e-4)." placeholder:"DECAY" group:"Training"`
	Clip       *float64 `help:"Norm that gradients are scaled down to, for losses that begin steep; 0: not (default: 1, with --recipe=paper and recipes of data sets 0)." placeholder:"NORM" group:"Training"`
	Views      string   `help:"plain: crop and flip, with --crop=padded grayscale too; resized: boxes of a fifth of the image or more for that crop; strong: AutoAugment and Cutout for classifiers, SimAugment for contrasts; paper: the method's own, for images of 32 pixels." enum:",plain,resized,strong,paper" default:"" placeholder:"WHICH" group:"Training"`
	Recipe     string   `help:"common: batch, rate and decay as above; paper: the method's own, where it has one; inaturalist2018 and imagenet-lt: a ResNet-50 as published for these data sets (longtail methods says by whom), with what other options change; of these train alone." enum:",common,paper,${recipes}" default:"" placeholder:"WHICH" group:"Training"`
	Accumulate int      `help:"Batches in a step: --batch 32 --accumulate 8 has the gradient of 256 samples, but contrastive losses and batch norm see 32. With --batch 256 --chunk 32 the losses see all 256, for a second pass of the backbone (default: 1)." placeholder:"BATCHES" group:"Training"`
	Init       string   `help:"Weights that the backbone begins with: a run, a model file, or torchvision's or timm's (.pth, .safetensors). Heads begin anew." placeholder:"FILE" group:"Training"`
	Teacher    string   `help:"Network that dive learns from: a run, or a model file (default: it is trained first, for as many epochs)." placeholder:"FILE" group:"Training"`
	LayerDecay float64  `help:"For --init: each layer of the backbone trains at this part of the rate of the one behind it, such as 0.75 (default: 1)." placeholder:"FACTOR" group:"Training"`
	Groups     string   `help:"Many, medium and few by counts (above 100, below 20) or rank (first and last 3 classes)." enum:",counts,rank" default:"" placeholder:"HOW" group:"Training"`

	EvalBatch int    `help:"Images evaluated at once (default: 128)." placeholder:"IMAGES" group:"Training"`
	Override  string `help:"With --resume, go on though these differ from what was begun: epochs, cpu, eval-batch, with commas. The manifest and the report then say from which step on it is not bit for bit." placeholder:"WHAT" group:"Training"`
}

// apply puts the options that were given in place of s's.
func (f setup) apply(s experiment.Settings) (experiment.Settings, error) {
	if f.Quick == (f.Data != "") {
		return s, misused("give either --data, where the images are, or --quick, to see it work")
	}
	if f.Recipe == "paper" {
		for name, given := range map[string]bool{"batch": f.Batch != 0, "cuts": f.Cuts != "", "schedule": f.Schedule != "", "decay": f.Decay != nil, "lr": f.LR != 0, "warmup": f.Warmup != nil} {
			if given {
				return s, misused("--%s has no meaning with --recipe=paper, by which each method has its own", name)
			}
		}
		s.Batch, s.LR, s.Cuts, s.Warmup, s.Decay, s.Clip = 0, 0, nil, 0, 0, 0
	}
	if f.Data != "" {
		whole, err := filepath.Abs(f.Data) // for a run that goes on from elsewhere
		if err != nil {
			return s, err
		}
		f.Data = whole
	}
	s.Data, s.Size, s.Imbalance = f.Data, cmp.Or(f.Size, s.Size), cmp.Or(f.Imbalance, s.Imbalance)
	s.AllowMissing = f.AllowMissing
	if f.HashAll {
		s.HashImages = dataset.AllImages
	}
	s.Crop = cmp.Or(f.Crop, s.Crop)
	s.Profile, s.Select = cmp.Or(f.Profile, s.Profile), cmp.Or(f.Select, s.Select)
	if s.Profile == "natural" {
		if f.Imbalance != 0 || f.Select != "" {
			return s, misused("--imbalance and --select have no meaning with --profile=natural, which keeps every image")
		}
		s.Imbalance = 0
	}
	if f.Backbone != "" && f.Backbone != cmp.Or(s.Backbone, "cifar") {
		s.Depth, s.Width = 0, 0 // those of Quick are of another
	}
	s.Backbone = cmp.Or(f.Backbone, s.Backbone)
	s.Depth, s.Width, s.Embedding = cmp.Or(f.Depth, s.Depth), cmp.Or(f.Width, s.Width), cmp.Or(f.Embedding, s.Embedding)
	s.Batch, s.LR = cmp.Or(f.Batch, s.Batch), cmp.Or(f.LR, s.LR)
	if s.Chunk > 0 && s.Batch%s.Chunk != 0 { // the recipe's, of another batch
		s.Chunk = 0
	}
	s.EvalBatch, s.Accumulate = cmp.Or(f.EvalBatch, s.EvalBatch), cmp.Or(f.Accumulate, s.Accumulate)
	s.Views, s.Groups = cmp.Or(f.Views, s.Views), cmp.Or(f.Groups, s.Groups)
	if f.Recipe == "common" || f.Recipe == "paper" {
		s.Recipe = f.Recipe
	}
	s.Init, s.Teacher, s.LayerDecay = f.Init, f.Teacher, f.LayerDecay
	for _, path := range []*string{&s.Init, &s.Teacher} {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return s, err
		}
		*path = whole
	}
	if f.Schedule == "cosine" && f.Cuts != "" {
		return s, misused("--cuts has no meaning with --schedule=cosine")
	}
	switch {
	case f.Schedule == "cosine":
		s.Cuts = nil
	case f.Schedule == "steps" && s.Cuts == nil: // in place of a recipe's cosine
		s.Cuts = experiment.Usual().Cuts
	}
	if s.Schedule = cmp.Or(f.Schedule, s.Schedule); f.Cuts != "" {
		s.Schedule = ""
	}
	set(&s.Warmup, f.Warmup)
	set(&s.Decay, f.Decay)
	set(&s.Clip, f.Clip)
	var err error
	if s.Read, err = f.reading.settings(); err != nil {
		return s, err
	}
	if f.Cuts != "" {
		s.Cuts, err = numbers("cuts", f.Cuts, func(text string) (float64, error) { return strconv.ParseFloat(text, 64) })
	}
	return s, err
}

// common refuses the recipes that train alone has: their batches do not divide among the images of a hybrid.
func (f setup) common() error {
	if _, err := experiment.PresetByName(f.Recipe); err != nil {
		return nil
	}
	return misused("--recipe=%s is for train: start it for each run; compare --methods none --with their folders makes one table", f.Recipe)
}

func set[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

// numbers reads a list with commas; none gives none.
func numbers[T any](name, text string, read func(string) (T, error)) (all []T, err error) {
	if text == "none" {
		return nil, nil
	}
	for _, part := range strings.Split(text, ",") {
		v, err := read(strings.TrimSpace(part))
		if err != nil {
			return nil, misused("--%s=%s: %q is not a number: give numbers with commas between them", name, text, part)
		}
		all = append(all, v)
	}
	return all, nil
}

// keep is where decoded images may be kept.
func (f setup) keep() (s dataset.CacheSettings, err error) {
	if !(f.Cache >= 0 && f.Cache <= 1<<20) {
		return s, misused("--cache=%v must be from 0 to 1048576 GiB", f.Cache)
	}
	return dataset.CacheSettings{File: int64(f.Cache * (1 << 30))}, nil
}

// load reads the images, or leaves them where they are, and says which.
func (f setup) load(ctx context.Context, c *console, d *experiment.Data) error {
	var err error
	if d.Keep, err = f.keep(); err != nil {
		return err
	}
	said := len(d.Derived)
	err = d.Load(ctx)
	tell(c, d.Derived[said:])
	return err
}

// tell writes what was derived from the data.
func tell(c *console, derived []string) {
	for _, text := range derived {
		fmt.Fprintln(c.log, "derived:", text)
	}
}

// tellWeights says what runs have of the weights that they begin with.
func tellWeights(c *console, told ...string) {
	for _, text := range told {
		if text != "" {
			fmt.Fprintln(c.log, text)
		}
	}
}

// readSettings reads what a run or a comparison was begun with.
func readSettings(dir string, into any) error {
	path := filepath.Join(dir, experiment.SettingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return misused("%s has no %s: --resume without --data goes on with what longtail began; give the options that the run was begun with",
			dir, experiment.SettingsFile)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
