package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/distributed/mpi"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
	pages "github.com/longtail-ml/longtail/report"
	"github.com/longtail-ml/longtail/train"
)

type trainCmd struct {
	setup
	Method         string   `help:"What to train by; longtail methods lists them (default: logit-adjusted)." enum:",${methods}" default:"" placeholder:"NAME" group:"Training"`
	Set            string   `help:"Settings of the method, such as tau=0.2,own=true; see longtail sweep --help." placeholder:"SETTINGS" group:"Training"`
	Seed           *uint64  `help:"Of the long tail, the weights and the training (default: 1)." placeholder:"SEED" group:"Training"`
	Epochs         int      `help:"Epochs (default: 100, with --quick 30)." placeholder:"EPOCHS" group:"Training"`
	EMA            float64  `name:"ema" help:"Keep a moving average of the weights with this decay, such as 0.999, too." placeholder:"DECAY" group:"Training"`
	Chunk          int      `help:"Samples that pass the backbone at once; the losses see the whole batch. Divides the batch (default: the batch)." placeholder:"SAMPLES" group:"Training"`
	Recompute      bool     `help:"Keep less for the backward pass and compute it again: less memory and more time for the same bits." group:"Training"`
	Precision      string   `help:"What convolutions multiply, float32 or bfloat16: in less memory, faster where the processor has AVX512_BF16 and slower elsewhere (default: float32)." enum:",float32,bfloat16" default:"" placeholder:"NAME" group:"Training"`
	SeparatePasses bool     `help:"Give each stream of a method, such as the two of a hybrid, statistics of its own in batch norm (default: all together)." group:"Training"`
	SyncBatchNorm  bool     `help:"On several ranks (mpirun), give batch norm the statistics of all of them, by messages in each layer (default: each rank its own)." group:"Training"`
	Limit          int      `help:"Train on the first steps of each epoch only." placeholder:"STEPS" group:"Training"`
	Holdout        *float64 `help:"Hold out this fraction of each training class, such as 0.1, and choose the epoch by it. A folder val beside train and test takes its place." placeholder:"FRACTION" group:"Training"`
	Choose         string   `help:"Weights to test and keep: best on held-out images by top-1, balanced by the mean over classes, or last (default: best if there are such images and the method has no second stage)." enum:",best,balanced,last" default:"" placeholder:"WHICH" group:"Training"`
	Patience       int      `help:"End the training when so many epochs after the best none was better on held-out images." placeholder:"EPOCHS" group:"Training"`
	EvalEvery      *int     `help:"Evaluate after every so many epochs; 0: only in the end (default: 1)." placeholder:"EPOCHS" group:"Training"`

	Out         string        `help:"Folder that keeps the run (default: runs/METHOD-seed-SEED)." placeholder:"DIR" group:"Run"`
	Resume      bool          `help:"Go on with the run in --out, or begin it. Without --data, by the options that it was begun with." group:"Run"`
	RankTimeout time.Duration `help:"On several ranks (mpirun), how long one waits for another before it takes it for hung (default: 10m)." placeholder:"TIME" group:"Run"`
	Every       int           `help:"Save after every so many steps too (default: after each epoch)." placeholder:"STEPS" group:"Run"`
	JSON        bool          `name:"json" help:"Write the report as JSON." group:"Run"`
	Report      string        `help:"In the end, make a page of the run to look at, as longtail report does." placeholder:"FILE" group:"Run"`
}

func (trainCmd) Help() string {
	return `The folder of the run has the model (model.safetensors), the figures (report.json, metrics.csv, steps.csv, tensorboard), what the
run is (manifest.json), and checkpoints. Ctrl-C saves and ends with exit code 3; --resume goes on with the same bits.
Started by mpirun or srun, several processes train one network, each on its part of every batch; rank 0 has the folder.

` + example("longtail train --data photos --out runs/first",
		"longtail train --resume --out runs/first",
		"longtail train --data cifar-10-batches-bin --method hybrid-sc --imbalance 100 --epochs 200",
		"longtail train --data photos --backbone resnet --depth 50 --init resnet50.pth --layer-decay 0.75 --lr 0.01 --epochs 20",
		"longtail train --data inat/train2018.json --recipe inaturalist2018 --method hybrid-psc",
		"longtail train --data photos --method dive --teacher runs/first",
		"longtail train --quick --method crt",
		"mpirun -n 4 longtail train --data photos --out runs/first")
}

// begun is what settings.json of a run has: what it was begun with.
type begun struct {
	Method   string              `json:"method"`
	Seed     uint64              `json:"seed"`
	Settings experiment.Settings `json:"settings"`
	// Set are settings of the method, and such as a sweep tries.
	Set []experiment.Setting `json:"set,omitempty"`
}

// method is that of the name with its settings.
func (b *begun) method() (m method.Method, err error) {
	if m, err = method.ByName(b.Method); err == nil {
		_, m, err = experiment.Apply(b.Settings, m, b.Set)
	}
	return m, err
}

// plan reads the options, or what a run was begun with.
func (t *trainCmd) plan() (b begun, err error) {
	if t.Resume && t.Data == "" && !t.Quick {
		if t.given() {
			return b, misused("--resume without --data or --quick goes on by the options that the run was begun with: only --out, --every, --json, --report, --rank-timeout and --cache go with it, and --override with --epochs and --eval-batch")
		}
		if t.Out == "" {
			return b, misused("--resume needs --out, the folder of the run, or the options that it was begun with")
		}
		err := readSettings(t.Out, &b)
		b.Settings.Epochs, b.Settings.EvalBatch = cmp.Or(t.Epochs, b.Settings.Epochs), cmp.Or(t.EvalBatch, b.Settings.EvalBatch)
		return b, err
	}
	b = begun{Method: cmp.Or(t.Method, "logit-adjusted"), Seed: 1}
	set(&b.Seed, t.Seed)
	t.Out = cmp.Or(t.Out, filepath.Join("runs", fmt.Sprintf("%s-seed-%d", b.Method, b.Seed)))
	s, epochs := experiment.Usual(), 100
	if t.Quick {
		s, epochs = experiment.Quick(), 30
	}
	if p, err := experiment.PresetByName(t.Recipe); err == nil {
		if t.Quick {
			return b, misused("--recipe=%s is for photographs, and --quick generates small images: give --data", t.Recipe)
		}
		s, epochs = p.Settings, p.Settings.Epochs
	}
	s.Epochs, s.Equal, s.Holdout, s.EvalEvery = cmp.Or(t.Epochs, epochs), "epochs", 0, 1
	if s, err = t.apply(s); err != nil {
		return b, err
	}
	set(&s.Holdout, t.Holdout)
	set(&s.EvalEvery, t.EvalEvery)
	s.Precision, s.SeparatePasses, s.SyncBatchNorm = t.Precision, t.SeparatePasses, t.SyncBatchNorm
	s.EMA, s.Chunk, s.Recompute, s.Limit, s.Choose, s.Patience = t.EMA, cmp.Or(t.Chunk, s.Chunk), t.Recompute, t.Limit, t.Choose, t.Patience
	if b.Set, err = experiment.ParseSettings(t.Set); err != nil {
		return b, exitError{usage, fmt.Errorf("--set: %w", err)}
	}
	m, err := method.ByName(b.Method)
	if err == nil {
		if s, m, err = experiment.Apply(s, m, b.Set); err == nil {
			err = s.Check(m)
		}
	}
	if err != nil {
		return b, exitError{usage, err}
	}
	b.Settings = s
	return b, nil
}

// given tells whether there are options that say what the run is.
func (t *trainCmd) given() bool {
	rest := *t
	rest.Out, rest.Resume, rest.Every, rest.JSON, rest.Report, rest.RankTimeout = "", false, 0, false, "", 0
	rest.Override, rest.Epochs, rest.EvalBatch, rest.Cache = "", 0, 0, 0
	return rest != trainCmd{}
}

// Run trains, with other processes where mpirun has started several.
func (t *trainCmd) Run(ctx context.Context, c *console) error {
	if t.Every < 0 {
		return misused("--every=%d must not be negative", t.Every)
	}
	if t.RankTimeout < 0 {
		return misused("--rank-timeout=%v must not be negative", t.RankTimeout)
	}
	ranks, err := mpi.Open(mpi.Settings{Timeout: t.RankTimeout})
	if err != nil {
		return err
	}
	if ranks.Size() == 1 {
		return errors.Join(t.train(ctx, c, ranks), ranks.Close())
	}
	return together(ctx, c, ranks, t)
}

// hold takes the folder of a run that goes on, until release, which may be called twice. A folder that is to be begun is made when the data are read.
func hold(dir string) (release func(), err error) {
	if !experiment.Exists(dir) {
		return func() {}, experiment.InUse(dir)
	}
	if release, err = experiment.Lock(dir); err != nil {
		return nil, err
	}
	return sync.OnceFunc(release), nil
}

// train does it on one of the ranks.
func (t *trainCmd) train(ctx context.Context, c *console, ranks distributed.Communicator) error {
	b, err := t.plan()
	if err != nil {
		return err
	}
	override, err := t.override(t.Resume)
	if err != nil {
		return err
	}
	b.Settings.Read.Cache = indices() // also of what was begun before
	first := ranks.Rank() == 0        // which has the folder
	release := func() {}
	if first { // found before the data are read
		if err := checkKind(t.Out, experiment.KindRun); err != nil {
			return err
		}
		if !t.Resume && experiment.Exists(t.Out) {
			return misused("%s %v: add --resume to go on with it, or choose another --out", t.Out, experiment.ErrExists)
		}
		if release, err = hold(t.Out); err != nil {
			return err
		}
		defer release()
	}
	if b.Settings, err = t.leaveOut(ctx, c, b.Settings); err != nil {
		return err
	}
	d, err := b.Settings.Open(ctx, b.Seed)
	if err != nil {
		return listing(err, b.Settings.Data)
	}
	if b.Settings.Choose == "" && d.Held != nil {
		d.Settings.Choose = "best"
	}
	tell(c, d.Derived)
	if ranks.Size() > 1 {
		d.Ranks = ranks
	}
	defer d.Close()
	if err := t.load(ctx, c, d); err != nil {
		return listing(err, b.Settings.Data)
	}
	m, err := b.method()
	if err != nil {
		return err
	}
	points := paced(c.log)
	d.Progress = func(done, of int) { points("points on the sphere", done, of) }
	r, err := d.NewRun(m)
	if err != nil {
		return err
	}
	r.Override = override
	r.Dir, r.Resume, r.Settings, r.Trainer.Checkpoints.EverySteps = t.Out, t.Resume, b, t.Every
	tellNoEffect(c, t.noEffect(d, r), []manifest.Manifest{r.Manifest})
	tellWeights(c, r.Told)
	what := r.Manifest.Network
	fmt.Fprintf(c.log, "%s on %s: %d parameters, %.1f million multiply-adds an image; %d training images in %d classes\n", r.Title, what.Backbone,
		what.Parameters, float64(what.MultiplyAdds)/1e6, d.Train.Len(), len(d.Counts()))
	memory, err := r.Trainer.PlanMemory(ctx, r.Network, d.Train, d.Test)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.log, memory)
	if err := memory.Check(0); err != nil {
		return exitError{usage, err}
	}
	r.Trainer.Observers = append(r.Trainer.Observers, newProgress(c.log))
	if t := r.Teacher; t != nil {
		fmt.Fprintf(c.log, "its teacher is trained first, by %s: %d epochs\n", t.Method, t.Trainer.Epochs)
		t.Trainer.Observers = append(t.Trainer.Observers, newProgress(c.log))
	}
	r.Trainer.OnWarning = func(w train.Warning) error { fmt.Fprintln(c.log, "warning:", w); return nil }
	release() // Do takes it
	report, err := r.Do(ctx)
	if report == nil {
		return overriding(err)
	}
	t.tellUnused(c, r.Departed)
	if errors.Is(err, context.Canceled) {
		err = exitError{stopped, fmt.Errorf("%w\nlongtail train --resume --out %s goes on", err, argument(t.Out))}
	}
	if !first {
		return err
	}
	if err = errors.Join(err, writeRun(c, report, t.JSON, t.Out)); err != nil || t.Report == "" {
		return err
	}
	return makePage(ctx, c, t.Report, "", []string{t.Out}, pages.Settings{})
}
