// Cifarlt runs the experiment of hybrid networks (arXiv 2103.14267): it cuts a long tail from an image data set, trains
// one method on it and reports the accuracy on the balanced test set.
//
//	go run ./examples/cifarlt -data cifar-10-batches-bin -method hybrid-sc -imbalance 100 -json run.json
//
// The data are CIFAR-10 or CIFAR-100 in the binary version, or folders train and test with one folder of images for each class.
// The defaults are the paper's: ResNet-32, batch 512, 200 epochs, learning rate 0.5 (for another batch in proportion) cut
// tenfold at 60% and 80%. Figures are those of the last epoch. With -holdout 0.1 they are also those of the best: a tenth of
// each training class is held out, the epoch that does best on it is chosen, and the test set is looked at in the end.
//
// With -out DIR the run is kept as package experiment says: after Ctrl-C the same command with -resume goes on, bit for bit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// settings are the flags.
type settings struct {
	experiment.Settings
	Method, Milestones, Out, JSON string
	Tau                           float64
	Own, Resume                   bool
	Seed                          uint64
	WarmupEpochs, Every           int
}

func main() {
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx := terminal.Context(func() { fmt.Fprintln(os.Stderr, "stopping after this step; once more to stop at once") })
		err = run(ctx, s, terminal.NewStream(os.Stdout), terminal.NewStream(os.Stderr))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cifarlt:", err)
		os.Exit(map[bool]int{true: 130, false: 1}[errors.Is(err, context.Canceled)]) // 130: as shells have it for Ctrl-C
	}
}

// parse reads the flags and refuses those that would be ignored.
func parse(args []string) (s settings, err error) {
	s.Decay = 1e-4
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
	f.Float64Var(&s.LR, "lr", 0, "learning rate (default: 0.5 for a batch of 512, for others in proportion)")
	f.IntVar(&s.WarmupEpochs, "warmup", 0, "`EPOCHS` in which the learning rate rises to its height; the paper has none")
	f.StringVar(&s.Milestones, "milestones", "", "`EPOCHS` the learning rate is cut tenfold at, as in 120,160, or none (default: 60% and 80% of -epochs)")
	f.Float64Var(&s.Tau, "tau", 0, "temperature of the contrastive loss (default: 0.1; for hybrid-psc with up to 10 classes 1)")
	f.BoolVar(&s.Own, "own", false, "keep the own class in the denominator of hybrid-psc, which the paper leaves out")
	f.Uint64Var(&s.Seed, "seed", 1, "of the long tail, the weights and the training")
	f.IntVar(&s.Limit, "limit", 0, "train on the first `N` steps of each epoch only")
	f.IntVar(&s.EvalEvery, "eval-every", 1, "evaluate after every `N` epochs, and after the last")
	f.Float64Var(&s.EMA, "ema", 0, "evaluate and save a moving average of the weights with this `DECAY`, such as 0.999, too")
	f.Float64Var(&s.Holdout, "holdout", 0, "hold out this `FRACTION` of each training class, such as 0.1, and choose the epoch by it")
	f.StringVar(&s.JSON, "json", "", "write the report to `FILE`")
	f.StringVar(&s.Out, "out", "", "keep the run in `DIR`: manifest, checkpoints, metrics, and the model and report.json in the end")
	f.BoolVar(&s.Resume, "resume", false, "go on with the run in -out, or begin it")
	f.IntVar(&s.Every, "every", 0, "save after every `N` steps of an epoch too (default: after each epoch)")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	natural := s.Profile == "natural"
	if natural {
		s.Imbalance, s.Select = 0, ""
	}
	s.Choose = map[bool]string{true: "best"}[s.Holdout > 0]
	if !set["lr"] {
		s.LR = 0.5 * float64(s.Batch) / 512
	}
	for _, wrong := range []struct {
		is   bool
		text string
	}{
		{f.NArg() > 0, fmt.Sprintf("unexpected argument %q: all settings are flags", f.Arg(0))},
		{s.Data == "", "-data is required: the folder of CIFAR-10 or CIFAR-100 (binary version), or of train and test class folders"},
		{natural && (set["imbalance"] || set["select"]), "-imbalance and -select have no meaning with -profile natural"},
		{set["tau"] && !strings.HasPrefix(s.Method, "hybrid-"), "-tau has no meaning with -method " + s.Method},
		{set["tau"] && !(s.Tau > 0), fmt.Sprintf("-tau %v must be above 0", s.Tau)},
		{s.Own && s.Method != "hybrid-psc", "-own has no meaning with -method " + s.Method},
		{s.Batch < 1 || !(s.LR > 0) || s.EvalEvery < 1 || s.Size < 1, "-batch, -eval-every and -size must be at least 1, -lr above 0"},
		{s.WarmupEpochs < 0 || s.WarmupEpochs > s.Epochs, fmt.Sprintf("-warmup %d must be from 0 to -epochs, %d", s.WarmupEpochs, s.Epochs)},
		{s.Out == "" && (s.Resume || set["every"] || set["holdout"]), "-resume, -every and -holdout need -out: the folder of the run, which keeps its checkpoints"},
		{set["every"] && s.Every < 1, fmt.Sprintf("-every %d must be at least 1", s.Every)},
	} {
		if wrong.is {
			return s, errors.New(wrong.text)
		}
	}
	s.Warmup = 100 * float64(s.WarmupEpochs) / float64(s.Epochs)
	if s.Cuts, err = cuts(s.Milestones, s.Epochs); err != nil {
		return s, err
	}
	return s, s.Check()
}

// cuts reads epochs such as "120,160", or "none", as percents of the epochs; "" means the paper's.
func cuts(text string, epochs int) (all []float64, err error) {
	switch text {
	case "":
		return []float64{60, 80}, nil
	case "none":
		return nil, nil
	}
	for _, m := range strings.Split(text, ",") {
		epoch, err := strconv.Atoi(strings.TrimSpace(m))
		if err != nil || epoch < 1 || epoch >= epochs {
			return nil, fmt.Errorf("-milestones %q: %q is not an epoch from 1 to %d", text, m, epochs-1)
		}
		all = append(all, 100*float64(epoch)/float64(epochs))
	}
	return all, nil
}

// preset is the method of the flags.
func (s settings) preset() (method.Method, error) {
	switch s.Method {
	case "ce", "ce-balanced":
		return method.ByName(s.Method)
	case "hybrid-sc":
		return method.HybridSC(loss.SupervisedContrastive{Temperature: s.Tau}), nil
	case "hybrid-psc":
		return method.HybridPSC(method.PSC{Temperature: s.Tau, IncludeOwn: s.Own}), nil
	}
	return method.Method{}, fmt.Errorf("-method %q is not ce, ce-balanced, hybrid-sc or hybrid-psc", s.Method)
}

// run does the experiment. The result goes to out, progress to log.
func run(ctx context.Context, s settings, out, log io.Writer) error {
	m, err := s.preset()
	if err == nil && s.JSON != "" { // a path that cannot be written is found before hours of training
		err = record.Probe(s.JSON)
	}
	if err != nil {
		return err
	}
	data, err := s.Open(ctx, s.Seed)
	if err == nil {
		err = data.Load(ctx)
	}
	if err != nil {
		return err
	}
	r, err := data.NewRun(m)
	if err != nil {
		return err
	}
	r.Dir, r.Resume, r.Settings, r.Trainer.Checkpoints.EverySteps = s.Out, s.Resume, s, s.Every
	r.Counts = data.Counts()
	if data.Held != nil { // what is many, medium or few goes by the long tail before the split
		for c, n := range dataset.Counts(data.Held) {
			r.Counts[c] += n
		}
	}
	fmt.Fprintf(out, "%d training images in %d classes, %d test images\n", data.Train.Len(), len(r.Counts), data.Test.Len())
	r.Trainer.Observers = append(r.Trainer.Observers, &record.Progress{W: log})
	r.Trainer.OnWarning = func(w train.Warning) error { fmt.Fprintln(log, "warning:", w); return nil }
	report, err := r.Do(ctx)
	if report == nil {
		return err
	}
	if s.JSON != "" {
		err = errors.Join(err, report.WriteFile(s.JSON))
	}
	return errors.Join(err, report.Write(out))
}
