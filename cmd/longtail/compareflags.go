package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/method"
)

type compareCmd struct {
	setup
	Methods string   `help:"Methods with commas between them, all, or none to make a table of --with alone (default: all)." placeholder:"NAMES" group:"Training"`
	Seeds   string   `help:"Seeds of the long tail, the weights and the training, such as 1-5 or 1,2,7 (default: 1)." placeholder:"SEEDS" group:"Training"`
	Epochs  int      `help:"Epochs of a method of one image a sample (default: 180, with --quick 96)." placeholder:"EPOCHS" group:"Training"`
	Equal   string   `help:"What methods have in common: images (and steps), or epochs (and samples in a batch) (default: images)." enum:",images,epochs" default:"" placeholder:"WHAT" group:"Training"`
	Holdout *float64 `help:"Fraction of each class that no method trains on, for tau-norm to choose its exponent by (default: 0.1)." placeholder:"FRACTION" group:"Training"`

	Out    string   `help:"Folder that keeps each run, with its checkpoints." placeholder:"DIR" group:"Comparison"`
	Resume bool     `help:"Go on with what --out has, or begin it. Without --data, by the options that it was begun with." group:"Comparison"`
	Show   string   `help:"Fields of manifests that may differ, with commas, such as training.images_seen: each is a column." placeholder:"FIELDS" group:"Comparison"`
	With   string   `help:"Join runs of earlier --json files and of folders of runs, with commas, and train only what they lack." placeholder:"PATHS" group:"Comparison"`
	JSON   string   `name:"json" help:"Write settings, runs and table to a file, after every run, in place of what it held; - prints them in the end in place of the table." placeholder:"FILE" group:"Comparison"`
	Report string   `help:"In the end, make a page of all runs to look at, as longtail report does." placeholder:"FILE" group:"Comparison"`
	Floor  *float64 `help:"Exit with 4 if a method's accuracy is below this (default: 0, with --quick 20)." placeholder:"PERCENT" group:"Comparison"`
}

func (compareCmd) Help() string {
	return `All methods have the same data, backbone, learning rate, optimizer and, unless --views=paper asks for those of the papers,
augmentation (--views=strong: that of BCL and PaCo for all). A hybrid sees three images where cross-entropy sees one, so a method of m images a sample draws batches of 1/m of
the samples for 1/m of the epochs: as many steps on as many images. With --equal=epochs every method draws --batch samples for --epochs
epochs, as the papers do; then --show=training.images_seen says that the table shows the difference. Runs that differ in data,
backbone, recipe, images seen or the groups of classes are refused in one table, before anything is trained, unless --show
names the field.

Figures are means over the seeds, with the deviation of a seed. For each pair of methods there is the difference, counted on the same
test images seed by seed, with an interval of 95% by a bootstrap over images and seeds; a difference whose interval has 0 in it is
within noise. Of many pairs, one in twenty is outside by chance.

` + example("longtail compare --quick --methods all",
		"longtail compare --data photos --methods ce,logit-adjusted,hybrid-sc --seeds 1-5 --out runs/compared",
		"longtail compare --resume --out runs/compared",
		"longtail compare --methods none --with runs/first,runs/compared",
		"longtail compare --data cifar-10-batches-bin --recipe paper --equal epochs --views paper --show training.images_seen --methods ce,bcl")
}

// compared is what settings.json of a comparison has.
type compared struct {
	Methods  []string            `json:"methods"`
	Seeds    []uint64            `json:"seeds"`
	Show     []string            `json:"show"`
	Floor    float64             `json:"floor"`
	Settings experiment.Settings `json:"settings"`
}

// plan reads the options, or what a comparison was begun with.
func (o *compareCmd) plan() (c compared, err error) {
	c.Show = list(o.Show)
	if o.Methods == "none" {
		return c, o.join(&c)
	}
	if o.Resume && o.Out == "" {
		return c, misused("--resume needs --out, the folder of the comparison")
	}
	if o.Resume && o.Data == "" && !o.Quick {
		if o.given("Out", "Resume", "With", "JSON", "Report", "Override", "Epochs", "EvalBatch") {
			return c, misused("--resume without --data or --quick goes on by the options that the comparison was begun with: only --out, --with, --json, --report and --cache go with it, and --override with --epochs and --eval-batch")
		}
		err := readSettings(o.Out, &c)
		c.Settings.Epochs, c.Settings.EvalBatch = cmp.Or(o.Epochs, c.Settings.Epochs), cmp.Or(o.EvalBatch, c.Settings.EvalBatch)
		return c, err
	}
	if c.Methods = list(o.Methods); o.Methods == "" || o.Methods == "all" {
		c.Methods = nil
		for _, m := range method.All() {
			c.Methods = append(c.Methods, m.Name)
		}
	}
	c.Seeds = []uint64{1}
	if o.Seeds != "" {
		if c.Seeds, err = seedsOf("seeds", o.Seeds); err != nil {
			return c, err
		}
	}
	if err := o.common(); err != nil {
		return c, err
	}
	s := experiment.Usual()
	if o.Quick {
		s, c.Floor = experiment.Quick(), 20
	}
	if s, err = o.apply(s); err != nil {
		return c, err
	}
	if o.Epochs != 0 {
		s.Epochs = o.Epochs
	}
	if o.Equal != "" {
		s.Equal = o.Equal
	}
	set(&s.Holdout, o.Holdout)
	set(&c.Floor, o.Floor)
	if name, twice := repeated(c.Methods); twice {
		return c, misused("--methods: %s is there twice", name)
	}
	if seed, twice := repeated(c.Seeds); twice {
		return c, misused("--seeds: seed %d is there twice", seed)
	}
	chosen, err := presets(c.Methods)
	if err != nil {
		return c, exitError{usage, err}
	}
	for _, err := range []error{s.Check(chosen...), experiment.CheckFields(c.Show)} {
		if err != nil {
			return c, exitError{usage, err}
		}
	}
	c.Settings = s
	return c, nil
}

// join checks the options of a table of earlier runs.
func (o *compareCmd) join(c *compared) error {
	if o.given("Methods", "With", "Show", "JSON", "Floor") {
		return misused("--methods=none trains nothing: only --with, --show, --json and --floor go with it")
	}
	if o.With == "" {
		return misused("--methods=none makes a table of earlier runs: name their files or folders by --with")
	}
	set(&c.Floor, o.Floor)
	if err := experiment.CheckFields(c.Show); err != nil {
		return exitError{usage, err}
	}
	return nil
}

// given tells whether there are other options than those named.
func (o *compareCmd) given(but ...string) bool {
	rest := *o
	rest.Cache = 0 // says nothing of the runs
	for name, clear := range map[string]func(){"Methods": func() { rest.Methods = "" }, "Out": func() { rest.Out = "" }, "Resume": func() { rest.Resume = false },
		"With": func() { rest.With = "" }, "Show": func() { rest.Show = "" }, "JSON": func() { rest.JSON = "" }, "Report": func() { rest.Report = "" }, "Floor": func() { rest.Floor = nil },
		"Override": func() { rest.Override = "" }, "Epochs": func() { rest.Epochs = 0 }, "EvalBatch": func() { rest.EvalBatch = 0 }} {
		if slices.Contains(but, name) {
			clear()
		}
	}
	return rest != compareCmd{}
}

// presets are the methods of the names.
func presets(names []string) (all []method.Method, err error) {
	for _, name := range names {
		m, err := method.ByName(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// repeated returns the first element that is there before.
func repeated[T comparable](all []T) (v T, found bool) {
	for i, v := range all {
		if slices.Contains(all[:i], v) {
			return v, true
		}
	}
	return v, false
}

// seedsOf reads seeds and ranges of them with commas.
func seedsOf(option, text string) (all []uint64, err error) {
	const most = 1000
	for _, part := range strings.Split(text, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 64)
		last, err2 := strconv.ParseUint(to, 10, 64)
		if err1 != nil || err2 != nil || last < first || last-first >= most {
			return nil, misused("--%s=%s: %q is neither a seed nor a range of at most %d: write 1-5 or 1,2,7", option, text, part, most)
		}
		for s := first; ; s++ {
			all = append(all, s)
			if s == last {
				break
			}
		}
	}
	return all, nil
}

// list splits at commas; nil for "".
func list(text string) []string {
	if text == "" {
		return nil
	}
	all := strings.Split(text, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}
