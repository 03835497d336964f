package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/schedule"
)

// run trains every method with every seed. The table goes to out, progress to log. Of an interrupted comparison the table
// has what was finished.
func run(ctx context.Context, s settings, out, log io.Writer) error {
	all, err := earlier(s.With)
	if err != nil {
		return err
	}
	total, failed := len(s.Seeds)*len(s.Methods), error(nil)
	done := len(all)
	for _, seed := range s.Seeds {
		var d *data
		if d, failed = load(ctx, s, seed); failed != nil {
			break
		}
		var jobs []*job
		if jobs, failed = prepare(s, d, seed); failed != nil {
			break
		}
		planned := all
		for _, j := range jobs {
			planned = append(planned[:len(planned):len(planned)], j.result)
		}
		if err := comparable(planned, s.Show, false); err != nil {
			return err // before anything is trained
		}
		for _, j := range jobs {
			fmt.Fprintf(log, "%d/%d  %s, seed %d: ", len(all)-done+1, total, j.method.Name, seed)
			lines := &inset{w: log, from: time.Now().Add(every)}
			j.trainer.OnStep = lines.step
			failed = j.train(ctx, d)
			lines.end()
			if failed != nil {
				fmt.Fprintln(log, failed)
				failed = fmt.Errorf("%s, seed %d: %w", j.method.Name, seed, failed)
				break
			}
			fmt.Fprintf(log, "%s%% after %.1f s\n", metrics.Rate(*j.result.Top1/100), j.result.Seconds)
			all = append(all, j.result)
			if failed = write(s, all, fmt.Errorf("after %d runs of %d", len(all)-done, total)); failed != nil {
				break
			}
		}
		if failed != nil {
			break
		}
	}
	if len(all) == 0 {
		return failed
	}
	t, err := newTable(all, s.Show, failed == nil)
	if err != nil {
		return err
	}
	t.print(out)
	if err := write(s, all, failed); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return t.below(s.Floor)
}

// data is what the runs of a seed have in common.
type data struct {
	train, held, test dataset.Dataset
	counts            []int // of the images trained on
	manifest          manifest.Data
}

// load reads or generates the data, cuts the long tail and holds images out.
func load(ctx context.Context, s settings, seed uint64) (*data, error) {
	name := filepath.Base(s.Data)
	var all, test dataset.Dataset
	var err error
	if s.Quick {
		name = fmt.Sprintf("generated, seed %d", seed)
		all, test, err = dataset.Generate(dataset.GenerateSettings{Size: s.Size, Seed: seed})
	} else {
		all, test, err = dataset.Open(s.Data, s.Size, s.Size)
	}
	if err != nil {
		return nil, err
	}
	selection := map[string]dataset.Selection{"shuffle": dataset.Shuffle, "first": dataset.First}[s.Select]
	profile := map[string]dataset.Profile{"exp": dataset.Exponential{Imbalance: s.Imbalance}, "step": dataset.Step{Imbalance: s.Imbalance},
		"natural": dataset.Natural{}}[s.Profile]
	train, err := dataset.LongTail(all, profile, dataset.LongTailSettings{Selection: selection, Seed: seed})
	if err != nil {
		return nil, err
	}
	d := &data{}
	m := manifest.Data{Name: name, Profile: fmt.Sprintf("%s, imbalance %g, %s, seed %d", s.Profile, s.Imbalance, s.Select, seed), TestCounts: dataset.Counts(test)}
	if s.Holdout > 0 {
		var held dataset.Dataset
		if train, held, err = dataset.Holdout(train, dataset.HoldoutSettings{Fraction: s.Holdout, Min: 1, Seed: seed}); err != nil {
			return nil, err
		}
		m.HeldOutCounts = dataset.Counts(held)
		if m.HeldOutSHA256, err = manifest.HashSamples(dataset.Indices(held), dataset.Labels(held)); err != nil {
			return nil, err
		}
		if d.held, err = dataset.Load(ctx, held); err != nil {
			return nil, err
		}
	}
	d.counts = dataset.Counts(train)
	m.TrainCounts = d.counts
	if m.TrainSHA256, err = manifest.HashSamples(dataset.Indices(train), dataset.Labels(train)); err != nil {
		return nil, err
	}
	d.manifest = m
	if d.train, err = dataset.Load(ctx, train); err != nil {
		return nil, err
	}
	d.test, err = dataset.Load(ctx, test)
	return d, err
}

// job is a run to come.
type job struct {
	method  method.Method
	network *hybrid.Network
	trainer hybrid.Trainer
	groups  metrics.Grouping
	batch   int // of the second stage
	result  result
}

// prepare makes networks and trainers, so that what does not fit is found before hours of training.
func prepare(s settings, d *data, seed uint64) (jobs []*job, err error) {
	for _, name := range s.Methods {
		m, err := method.ByName(name)
		if err != nil {
			return nil, err
		}
		body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: s.Depth, Width: s.Width, Branches: m.Branches, Seed: seed})
		if err != nil {
			return nil, err
		}
		net, streams, err := m.New(body, method.Setup{Counts: d.counts, Size: s.Size, Dim: s.Embedding, Seed: seed})
		if err != nil {
			return nil, err
		}
		if s.Views == "plain" { // the hybrid networks' padding of 4 pixels in 32, in proportion
			streams = hybrid.Augment(streams, augment.Compose{augment.Crop{Padding: s.Size / 8}, augment.Flip{P: 0.5}, augment.Grayscale{P: 0.2}})
		}
		j := &job{method: m, network: net, batch: s.Batch, trainer: s.trainer(m, d.train.Len())}
		if s.Groups == "rank" {
			j.groups = metrics.ByRank{First: 3, Last: 3}
		}
		j.trainer.Streams, j.trainer.Seed = streams, seed
		if j.result, err = plan(s, d, j); err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// trainer is the recipe that all methods share, and the method's part of the budget.
func (s settings) trainer(m method.Method, images int) hybrid.Trainer {
	epochs, batch, steps := s.Epochs, s.Batch, images/s.Batch
	if s.Equal == "images" {
		epochs, batch, steps = epochs/m.Images, batch/m.Images, steps*m.Images
	}
	cuts, _ := s.cuts() // checked with the flags
	rate := schedule.MultiStep{Base: s.LR, Milestones: schedule.Milestones(epochs, cuts...)}
	return hybrid.Trainer{
		Epochs: epochs, Batch: batch, LimitSteps: max(steps, 1), ClipNorm: s.Clip,
		LearningRate: schedule.Warmup{Epochs: (epochs*s.Warmup + 99) / 100, Then: rate},
		Optimizer:    optim.SGD{Momentum: 0.9, WeightDecay: s.Decay},
	}
}

// train trains, finishes and tests.
func (j *job) train(ctx context.Context, d *data) error {
	fitted, err := j.trainer.Fit(ctx, j.network, d.train, nil)
	if err != nil {
		return err
	}
	began := time.Now()
	stage := method.Stage{Train: d.train, Held: d.held, Retrain: posthoc.Retrain{Batch: j.batch, Seed: j.trainer.Seed}}
	if err := j.method.Finish(ctx, j.network, stage); err != nil {
		return err
	}
	j.result.Seconds = fitted.Seconds + time.Since(began).Seconds()
	j.result.Manifest.Training.ImagesSeen = int64(fitted.Images)
	confusion, err := j.network.Evaluate(ctx, d.test, 0)
	if err != nil {
		return err
	}
	report, err := confusion.Report(d.counts, j.groups)
	if err != nil {
		return err
	}
	j.result.measure(report)
	return nil
}
