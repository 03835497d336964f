package main

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// settings are the flags. Batch, LR, Cuts, Warmup and Decay are zero with the recipe paper.
type settings struct {
	Methods   []string `json:"methods"`
	Seeds     []uint64 `json:"seeds"`
	Quick     bool     `json:"quick"`
	Data      string   `json:"data,omitempty"`
	Size      int      `json:"size"`
	Profile   string   `json:"profile"`
	Imbalance float64  `json:"imbalance,omitempty"`
	Select    string   `json:"select"`
	Holdout   float64  `json:"holdout"`
	Depth     int      `json:"depth"`
	Width     int      `json:"width"`
	Embedding int      `json:"embedding"`
	Epochs    int      `json:"epochs"`
	Equal     string   `json:"equal"`
	Views     string   `json:"views"`
	Recipe    string   `json:"recipe"`
	Batch     int      `json:"batch,omitempty"`
	LR        float64  `json:"lr,omitempty"`
	Cuts      string   `json:"cuts,omitempty"`
	Warmup    int      `json:"warmup,omitempty"`
	Decay     float64  `json:"decay,omitempty"`
	Clip      float64  `json:"clip"`
	Groups    string   `json:"groups"`
	Floor     float64  `json:"floor,omitempty"`
	Show      []string `json:"show"`
	With      []string `json:"-"`
	JSON      string   `json:"-"`
}

// quick are the defaults of -quick.
var quick = map[string]string{"size": "16", "imbalance": "50", "depth": "8", "width": "8", "embedding": "32", "epochs": "96", "batch": "48",
	"lr": "0.1", "decay": "5e-4", "groups": "rank", "floor": "20"}

func parse(args []string) (s settings, err error) {
	methods, seeds, show, with := "", "", "", ""
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.StringVar(&methods, "methods", "all", "`NAMES` of methods, separated by commas, or all; none with -with")
	f.StringVar(&seeds, "seeds", "1", "`SEEDS` of the long tail, the weights and the training, separated by commas")
	f.BoolVar(&s.Quick, "quick", false, "a small network on generated data: a minute for all methods")
	f.StringVar(&s.Data, "data", "", "`DIR` with CIFAR binary files, or train and test class folders (required without -quick)")
	f.IntVar(&s.Size, "size", 32, "side in pixels that class-folder images are resized to")
	f.StringVar(&s.Profile, "profile", "exp", "class counts: exp, step, or natural for those of the data")
	f.Float64Var(&s.Imbalance, "imbalance", 100, "imbalance factor: images of the largest class over those of the smallest")
	f.StringVar(&s.Select, "select", "shuffle", "which images of a class the long tail keeps: shuffle (by seed) or first")
	f.Float64Var(&s.Holdout, "holdout", 0.1, "`FRACTION` of each class that no method trains on, for tau-norm to choose its exponent by")
	f.IntVar(&s.Depth, "depth", 32, "depth of the ResNet: 6n+2")
	f.IntVar(&s.Width, "width", 16, "channels of the ResNet's first stage")
	f.IntVar(&s.Embedding, "embedding", 128, "width of embeddings")
	f.IntVar(&s.Epochs, "epochs", 180, "epochs of a method of one image a sample")
	f.IntVar(&s.Batch, "batch", 384, "samples in a batch of a method of one image a sample")
	f.StringVar(&s.Equal, "equal", "images", "what methods have in common: images (and steps), or epochs (and samples in a batch)")
	f.StringVar(&s.Views, "views", "plain", "plain: crop, flip and grayscale for all; paper: each method's own")
	f.StringVar(&s.Recipe, "recipe", "common", "common: -batch, -lr, -cuts, -warmup and -decay for all; paper: each method's own, with -equal epochs")
	f.Float64Var(&s.LR, "lr", 0.5, "learning rate")
	f.StringVar(&s.Cuts, "cuts", "80,90", "`PERCENTS` of the epochs after which the learning rate is cut tenfold, separated by commas; none")
	f.IntVar(&s.Warmup, "warmup", 5, "`PERCENT` of the epochs in which the learning rate rises to its height")
	f.Float64Var(&s.Decay, "decay", 1e-4, "weight decay of SGD with momentum 0.9")
	f.Float64Var(&s.Clip, "clip", 1, "`NORM` gradients are scaled down to, for losses that begin steep; 0: not, as is usual with -recipe paper")
	f.StringVar(&s.Groups, "groups", "counts", "many, medium and few by counts (above 100, below 20) or rank (the first 3 and last 3 classes)")
	f.Float64Var(&s.Floor, "floor", 0, "fail if a method's accuracy is below `PERCENT`")
	f.StringVar(&show, "show", "", "`FIELDS` of manifests that may differ, separated by commas, such as training.images_seen: each is a column")
	f.StringVar(&with, "with", "", "join the runs of earlier -json `FILES`, separated by commas, and train only what they lack")
	f.StringVar(&s.JSON, "json", "", "write settings, runs and table to `FILE`, after every run, in place of what it held")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: all settings are flags", f.Arg(0))
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if s.Quick {
		for name, value := range quick {
			if !set[name] {
				if err := f.Set(name, value); err != nil {
					return s, err
				}
			}
		}
	}
	s.Show, s.With = list(show), list(with)
	if s.Methods, err = names(methods); err != nil {
		return s, err
	}
	if len(s.Methods) == 0 {
		return s, s.checkJoin(set)
	}
	for _, text := range strings.Split(seeds, ",") {
		seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil || slices.Contains(s.Seeds, seed) {
			return s, fmt.Errorf("-seeds %q: %q is not a new whole number", seeds, text)
		}
		s.Seeds = append(s.Seeds, seed)
	}
	if err := s.check(set); err != nil {
		return s, err
	}
	if s.Profile == "natural" {
		s.Imbalance = 0
	}
	if s.Recipe == "paper" {
		s.Batch, s.LR, s.Cuts, s.Warmup, s.Decay = 0, 0, "", 0, 0
		if !set["clip"] {
			s.Clip = 0
		}
	}
	return s, nil
}
