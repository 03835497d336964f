package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/schedule"
)

// settings are the flags, and the first part of the JSON.
type settings struct {
	Data       string  `json:"data"`
	Size       int     `json:"size"`
	Profile    string  `json:"profile"`
	Select     string  `json:"select"`
	Imbalance  float64 `json:"imbalance,omitempty"`
	Method     string  `json:"method"`
	Depth      int     `json:"depth"`
	Width      int     `json:"width"`
	Epochs     int     `json:"epochs"`
	Batch      int     `json:"batch"`
	LR         float64 `json:"lr"`
	Milestones []int   `json:"milestones"`
	Tau        float64 `json:"tau,omitempty"`
	Own        bool    `json:"own,omitempty"`
	Seed       uint64  `json:"seed"`
	Limit      int     `json:"limit,omitempty"`
	EvalEvery  int     `json:"eval_every"`
	EMA        float64 `json:"ema,omitempty"`
	Holdout    float64 `json:"holdout,omitempty"`
	JSON       string  `json:"-"`
	Out        string  `json:"-"`
	Resume     bool    `json:"-"`
	Every      int     `json:"-"`
}

// parse reads the flags and refuses those that would be ignored.
func parse(args []string) (settings, error) {
	s := settings{}
	milestones := ""
	f := flag.NewFlagSet("cifarlt", flag.ContinueOnError)
	f.StringVar(&s.Data, "data", "", "`DIR` with CIFAR binary files, or train and test class folders (required)")
	f.IntVar(&s.Size, "size", 32, "side in pixels that class-folder images are resized to")
	f.StringVar(&s.Profile, "profile", "exp", "class counts: exp, step, or natural for those of the data")
	f.StringVar(&s.Select, "select", "shuffle", "which images of a class are kept: shuffle (seeded) or first (file order)")
	f.Float64Var(&s.Imbalance, "imbalance", 100, "imbalance factor: images of the largest class over those of the smallest")
	f.StringVar(&s.Method, "method", "hybrid-sc", "ce, ce-balanced, hybrid-sc or hybrid-psc")
	f.IntVar(&s.Depth, "depth", 32, "depth of the ResNet: 6n+2")
	f.IntVar(&s.Width, "width", 16, "channels of the ResNet's first stage")
	f.IntVar(&s.Epochs, "epochs", 200, "epochs")
	f.IntVar(&s.Batch, "batch", 512, "samples a stream draws in a step; the hybrids see each three times")
	f.Float64Var(&s.LR, "lr", 0.5, "learning rate")
	f.StringVar(&milestones, "milestones", "", "`EPOCHS` the learning rate is cut tenfold at, as in 120,160, or none (default: 60% and 80% of -epochs)")
	f.Float64Var(&s.Tau, "tau", 0, "temperature of the contrastive loss (default: 0.1; for hybrid-psc with up to 10 classes 1)")
	f.BoolVar(&s.Own, "own", false, "keep the own class in the denominator of hybrid-psc, which the paper leaves out")
	f.Uint64Var(&s.Seed, "seed", 1, "of the long tail, the weights and the training")
	f.IntVar(&s.Limit, "limit", 0, "train on the first `N` steps of each epoch only")
	f.IntVar(&s.EvalEvery, "eval-every", 1, "evaluate after every `N` epochs, and after the last")
	f.Float64Var(&s.EMA, "ema", 0, "evaluate and save a moving average of the weights with this `DECAY`, such as 0.999, too")
	f.Float64Var(&s.Holdout, "holdout", 0, "hold out this `FRACTION` of each training class, such as 0.1, and choose the epoch by it")
	f.StringVar(&s.JSON, "json", "", "write settings, history and results to `FILE`")
	f.StringVar(&s.Out, "out", "", "save the run in `DIR`: manifest, checkpoints, metrics, and report.json in the end")
	f.BoolVar(&s.Resume, "resume", false, "go on with the run in -out, or begin it")
	f.IntVar(&s.Every, "every", 0, "save after every `N` steps of an epoch too (default: after each epoch)")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: all settings are flags", f.Arg(0))
	}
	if s.Data == "" {
		return s, fmt.Errorf("-data is required: the folder of CIFAR-10 or CIFAR-100 (binary version), or of train and test class folders")
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if s.Profile == "natural" {
		if set["imbalance"] || set["select"] {
			return s, fmt.Errorf("-imbalance and -select have no meaning with -profile natural")
		}
		s.Imbalance, s.Select = 0, ""
	}
	if set["tau"] && !strings.HasPrefix(s.Method, "hybrid-") {
		return s, fmt.Errorf("-tau has no meaning with -method %s", s.Method)
	}
	if s.Own && s.Method != "hybrid-psc" {
		return s, fmt.Errorf("-own has no meaning with -method %s", s.Method)
	}
	if set["tau"] && s.Tau <= 0 {
		return s, fmt.Errorf("-tau %v must be above 0", s.Tau)
	}
	if s.Size < 1 || !(s.LR > 0) {
		return s, fmt.Errorf("-size %d must be at least 1, -lr %v above 0", s.Size, s.LR)
	}
	if s.Epochs < 1 || s.Batch < 1 || s.Limit < 0 || s.EvalEvery < 1 {
		return s, fmt.Errorf("-epochs %d, -batch %d and -eval-every %d must be at least 1, -limit %d not negative", s.Epochs, s.Batch, s.EvalEvery, s.Limit)
	}
	if set["ema"] && !(s.EMA > 0 && s.EMA < 1) {
		return s, fmt.Errorf("-ema %v must be above 0 and below 1", s.EMA)
	}
	if set["holdout"] && !(s.Holdout > 0 && s.Holdout < 1) {
		return s, fmt.Errorf("-holdout %v must be above 0 and below 1", s.Holdout)
	}
	if s.Out == "" && (s.Resume || set["every"] || set["holdout"]) {
		return s, fmt.Errorf("-resume, -every and -holdout need -out: the folder of the run, which keeps its checkpoints")
	}
	if set["every"] && s.Every < 1 {
		return s, fmt.Errorf("-every %d must be at least 1", s.Every)
	}
	var err error
	s.Milestones, err = parseMilestones(milestones, s.Epochs)
	return s, err
}

// parseMilestones reads epochs such as "120,160", or "none"; "" means 60% and 80% of the epochs.
func parseMilestones(text string, epochs int) ([]int, error) {
	switch text {
	case "":
		return schedule.Milestones(epochs, 0.6, 0.8), nil
	case "none":
		return []int{}, nil
	}
	var all []int
	for _, m := range strings.Split(text, ",") {
		epoch, err := strconv.Atoi(strings.TrimSpace(m))
		if err != nil {
			return nil, fmt.Errorf("-milestones %q: %q is not a number of epochs", text, m)
		}
		if epoch < 1 || epoch >= epochs {
			return nil, fmt.Errorf("-milestones %d is never reached: the epochs after the first are 1 to %d", epoch, epochs-1)
		}
		all = append(all, epoch)
	}
	return all, nil
}
