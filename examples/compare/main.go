// Compare trains several methods on one data set, over a list of seeds, and prints one table.
//
//	go run ./examples/compare -methods all -quick
//	go run ./examples/compare -methods ce,ldam-drw,hybrid-sc -seeds 1,2,3 -data cifar-10-batches-bin -epochs 180 -batch 384
//
// All methods have the same data, backbone, learning rate, optimizer and, unless -views paper asks for those of the papers,
// augmentation. A hybrid sees three images where cross-entropy sees one, so a method of m images a sample draws batches of
// -batch/m samples for -epochs/m epochs: as many steps on as many images. With -equal epochs every method draws -batch
// samples for -epochs epochs, as the papers do; then -show training.images_seen says that the table shows the difference.
//
// Runs whose manifests differ in data, backbone or budget are refused in one table unless -show names the field, which
// becomes a column. -with FILE joins the runs of an earlier -json FILE under the same rule; with -methods none it only makes
// the table, of runs from several files for example. -json FILE is written after every run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/longtail-ml/longtail/method"
)

// settings are the flags.
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
	Batch     int      `json:"batch"`
	Equal     string   `json:"equal"`
	Views     string   `json:"views"`
	LR        float64  `json:"lr"`
	Cuts      string   `json:"cuts"`
	Warmup    int      `json:"warmup"`
	Decay     float64  `json:"decay"`
	Clip      float64  `json:"clip"`
	Groups    string   `json:"groups"`
	Floor     float64  `json:"floor,omitempty"`
	Show      []string `json:"show"`
	With      string   `json:"-"`
	JSON      string   `json:"-"`
}

// quick are the defaults of -quick.
var quick = map[string]string{"size": "16", "imbalance": "50", "depth": "8", "width": "8", "embedding": "32", "epochs": "96", "batch": "48",
	"lr": "0.1", "decay": "5e-4", "groups": "rank", "floor": "20"}

func main() {
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, s, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func parse(args []string) (s settings, err error) {
	methods, seeds, show := "", "", ""
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.StringVar(&methods, "methods", "all", "`NAMES` of methods, separated by commas, or all; none with -with")
	f.StringVar(&seeds, "seeds", "1", "`SEEDS` of the long tail, the weights and the training, separated by commas")
	f.BoolVar(&s.Quick, "quick", false, "a small network on generated data: minutes for all methods")
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
	f.Float64Var(&s.LR, "lr", 0.5, "learning rate")
	f.StringVar(&s.Cuts, "cuts", "80,90", "`PERCENTS` of the epochs after which the learning rate is cut tenfold, separated by commas; none")
	f.IntVar(&s.Warmup, "warmup", 5, "`PERCENT` of the epochs in which the learning rate rises to its height")
	f.Float64Var(&s.Decay, "decay", 1e-4, "weight decay of SGD with momentum 0.9")
	f.Float64Var(&s.Clip, "clip", 1, "`NORM` gradients are scaled down to, for losses that begin steep; 0: not")
	f.StringVar(&s.Groups, "groups", "counts", "many, medium and few by counts (above 100, below 20) or rank (the first 3 and last 3 classes)")
	f.Float64Var(&s.Floor, "floor", 0, "fail if a method's accuracy is below `PERCENT`")
	f.StringVar(&show, "show", "", "`FIELDS` of manifests that may differ, separated by commas, such as training.images_seen: each is a column")
	f.StringVar(&s.With, "with", "", "join the runs of earlier -json `FILES`, separated by commas")
	f.StringVar(&s.JSON, "json", "", "write settings, runs and table to `FILE`, after every run")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("what is %q? All settings are flags", f.Arg(0))
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
	if s.Methods, err = names(methods); err != nil {
		return s, err
	}
	for _, text := range strings.Split(seeds, ",") {
		seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil || slices.Contains(s.Seeds, seed) {
			return s, fmt.Errorf("-seeds %q: %q is not a new whole number", seeds, text)
		}
		s.Seeds = append(s.Seeds, seed)
	}
	if len(s.Methods) == 0 {
		s.Seeds = nil
	}
	if show != "" {
		s.Show = strings.Split(show, ",")
	}
	if s.Profile == "natural" {
		if set["imbalance"] {
			return s, fmt.Errorf("-imbalance has no meaning with -profile natural")
		}
		s.Imbalance = 0
	}
	return s, s.check()
}

// names returns the names of methods, each once.
func names(list string) (all []string, err error) {
	if list == "all" {
		for _, m := range method.All() {
			all = append(all, m.Name)
		}
		return all, nil
	}
	if list == "none" {
		return nil, nil
	}
	for _, name := range strings.Split(list, ",") {
		if _, err := method.ByName(name); err != nil {
			return nil, fmt.Errorf("-methods: %w", err)
		}
		if slices.Contains(all, name) {
			return nil, fmt.Errorf("-methods has %s twice", name)
		}
		all = append(all, name)
	}
	return all, nil
}

// check refuses settings before the data are read.
func (s settings) check() error {
	if len(s.Methods) == 0 {
		if s.With == "" {
			return fmt.Errorf("-methods none makes a table of earlier runs: name their files by -with")
		}
		return checkShow(s.Show)
	}
	if _, err := s.cuts(); err != nil {
		return err
	}
	if s.Quick == (s.Data != "") {
		return fmt.Errorf("give either -data, the folder of CIFAR-10 or CIFAR-100 (binary version) or of train and test class folders, or -quick")
	}
	for flag, choices := range map[string][]string{"equal": {"images", "epochs"}, "views": {"plain", "paper"}, "groups": {"counts", "rank"},
		"profile": {"exp", "step", "natural"}, "select": {"shuffle", "first"}} {
		value := map[string]string{"equal": s.Equal, "views": s.Views, "groups": s.Groups, "profile": s.Profile, "select": s.Select}[flag]
		if !slices.Contains(choices, value) {
			return fmt.Errorf("-%s %q is not one of %s", flag, value, strings.Join(choices, ", "))
		}
	}
	if s.Epochs < 1 || s.Batch < 1 || s.Size < 8 || s.Embedding < 2 || !(s.LR > 0) || !(s.Decay >= 0) || !(s.Clip >= 0) || s.Warmup < 0 || s.Warmup > 100 {
		return fmt.Errorf("-epochs %d and -batch %d must be at least 1, -size %d 8, -embedding %d 2, -lr %v above 0, -decay %v and -clip %v not negative, -warmup %d from 0 to 100",
			s.Epochs, s.Batch, s.Size, s.Embedding, s.LR, s.Decay, s.Clip, s.Warmup)
	}
	if !(s.Holdout >= 0 && s.Holdout < 1) || (s.Holdout == 0 && slices.Contains(s.Methods, "tau-norm")) {
		return fmt.Errorf("-holdout %v must be below 1, and above 0 for tau-norm, which chooses its exponent by what is held out", s.Holdout)
	}
	if s.Views == "paper" && s.Size != 32 {
		return fmt.Errorf("-views paper is for images of 32 pixels, not of %d", s.Size)
	}
	for _, name := range s.Methods {
		if m, err := method.ByName(name); err != nil {
			return err
		} else if s.Equal == "images" && (s.Epochs%m.Images != 0 || s.Batch%m.Images != 0) {
			return fmt.Errorf("-epochs %d and -batch %d must be multiples of %d, the images a sample of %s, or use -equal epochs",
				s.Epochs, s.Batch, m.Images, name)
		}
	}
	return checkShow(s.Show)
}

// cuts returns the parts of the epochs after which the learning rate is cut.
func (s settings) cuts() (parts []float64, err error) {
	if s.Cuts == "none" {
		return nil, nil
	}
	for _, text := range strings.Split(s.Cuts, ",") {
		percent, err := strconv.ParseFloat(text, 64)
		if err != nil || !(percent > 0 && percent < 100) || (parts != nil && percent/100 <= parts[len(parts)-1]) {
			return nil, fmt.Errorf("-cuts %q: %q is not a percentage above 0, below 100 and above the one before", s.Cuts, text)
		}
		parts = append(parts, percent/100)
	}
	return parts, nil
}
