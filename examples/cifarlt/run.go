package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// run does the experiment. The table goes to out, progress to log.
func run(ctx context.Context, s settings, out, log io.Writer) error {
	if _, err := streams(nil, &s, 0); err != nil { // a misspelt method is found before the data are read
		return err
	}
	var file *os.File // made now, so that a path that cannot be written is found before hours of training
	if s.JSON != "" {
		var err error
		if file, err = os.CreateTemp(filepath.Dir(s.JSON), filepath.Base(s.JSON)+".*.tmp"); err != nil {
			return fmt.Errorf("-json: %w", err)
		}
		defer os.Remove(file.Name()) // unless it was renamed
		defer file.Close()
	}
	checkpoints, err := s.checkpoints()
	if err != nil {
		return err
	}
	began := time.Now()
	train, test, err := load(ctx, s)
	if err != nil {
		return err
	}
	counts := dataset.Counts(train)
	fmt.Fprintf(out, "%d training images in %d classes, %s; %d test images (read in %.1f s)\n", train.Len(), len(counts), tail(counts), test.Len(), time.Since(began).Seconds())

	body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: s.Depth, Width: s.Width, Seed: s.Seed})
	if err != nil {
		return err
	}
	net, err := hybrid.NewNetwork(body, len(counts), hybrid.WithInput(s.Size, s.Size, 3), hybrid.WithSeed(s.Seed))
	if err != nil {
		return err
	}
	method, err := streams(net, &s, len(counts))
	if err != nil {
		return err
	}
	summary, err := net.Summary()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s on ResNet-%d, width %d: %v\n", s.Method, s.Depth, s.Width, summary)

	// The paper's augmentation, its padding of 4 pixels in 32 kept in proportion.
	view := augment.Compose{augment.Crop{Padding: s.Size / 8}, augment.Flip{P: 0.5}, augment.Grayscale{P: 0.2}}
	trainer := hybrid.Trainer{
		Streams: hybrid.Augment(method, view), Epochs: s.Epochs, Batch: s.Batch, Seed: s.Seed, LimitSteps: s.Limit, EvalEvery: s.EvalEvery,
		LearningRate: schedule.MultiStep{Base: s.LR, Milestones: s.Milestones}, EMA: hybrid.EMA{Decay: s.EMA, Warmup: s.EMA > 0},
		Checkpoints: checkpoints, OnWarning: func(w hybrid.Warning) { fmt.Fprintln(log, "warning:", w) },
	}
	stopBar := progress(&trainer, log)
	result, err := trainer.Fit(ctx, net, train, test)
	stopBar()
	if result == nil {
		return err
	}
	r := newReport(s, counts, summary, result, err) // what was reached, also after Ctrl-C or a loss that is not finite
	r.print(out)
	if file != nil {
		err = errors.Join(err, r.write(file, s.JSON))
	}
	if s.Out == "" {
		return err
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(out, "the same command with -resume goes on from %s\n", result.Checkpoint)
	}
	file, failed := os.CreateTemp(s.Out, "report.json.*.tmp")
	if failed != nil {
		return errors.Join(err, failed)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	return errors.Join(err, r.write(file, filepath.Join(s.Out, "report.json")))
}

// checkpoints makes the folder of the run and says what is saved in it. A folder that cannot be written is found here, not
// after an epoch of training.
func (s settings) checkpoints() (c hybrid.Checkpoints, err error) {
	if s.Out == "" {
		return c, nil
	}
	c = hybrid.Checkpoints{Dir: filepath.Join(s.Out, "checkpoints"), EverySteps: s.Every, Resume: s.Resume}
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return c, fmt.Errorf("-out: %w", err)
	}
	earlier, err := checkpoint.Store{Dir: c.Dir}.List()
	if err == nil && len(earlier) > 0 && !s.Resume {
		err = fmt.Errorf("-out %s has the checkpoints of a run: add -resume to go on with it, or choose another folder", s.Out)
	}
	if err != nil {
		return c, err
	}
	s.Data = "" // the data may be elsewhere when the run goes on
	c.Manifest = s
	return c, nil
}

// streams returns the method's streams and fills in its temperature. Without a network it only checks the name.
func streams(n *hybrid.Network, s *settings, classes int) ([]hybrid.Stream, error) {
	tau := func(usual float64) float64 {
		if s.Tau == 0 && n != nil {
			s.Tau = usual
		}
		return s.Tau
	}
	switch s.Method {
	case "ce":
		return hybrid.CE(), nil
	case "ce-balanced":
		return hybrid.CEBalanced(), nil
	case "hybrid-sc":
		return hybrid.SC(tau(0.1)), nil
	case "hybrid-psc":
		if n == nil {
			return nil, nil
		}
		if classes <= 10 {
			return hybrid.PSC(n, tau(1), s.Seed)
		}
		return hybrid.PSC(n, tau(0.1), s.Seed)
	}
	return nil, fmt.Errorf("-method %q is not ce, ce-balanced, hybrid-sc or hybrid-psc", s.Method)
}

// progress makes the trainer show a bar within each epoch on a terminal, and a line after each epoch everywhere.
func progress(t *hybrid.Trainer, log io.Writer) (stop func()) {
	var bar *progressbar.ProgressBar
	stop = func() {
		if bar != nil {
			_ = bar.Clear()
		}
	}
	if f, ok := log.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.OnStep = func(s hybrid.StepReport) {
			if bar == nil || s.At.Step == 0 {
				bar = progressbar.NewOptions(s.At.Steps, progressbar.OptionSetWriter(log), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
			}
			bar.Describe(fmt.Sprintf("epoch %d/%d, loss %.3f, %.0f images/s", s.At.Epoch+1, s.At.Epochs, s.Total, s.ImagesPerSecond))
			_ = bar.Add(1)
		}
	}
	t.OnEpoch = func(e hybrid.EpochReport) {
		stop()
		line := fmt.Sprintf("epoch %d/%d  lr %.4g ", e.Epoch+1, t.Epochs, e.LearningRate)
		for _, l := range e.Losses {
			line += fmt.Sprintf("  %s %.4f (weight %.3f", l.Name, l.Value, l.Weight)
			if l.Skipped > 0 {
				line += fmt.Sprintf(", %d anchors skipped", l.Skipped)
			}
			line += ")"
		}
		line += fmt.Sprintf("  %.0f images/s", e.ImagesPerSecond)
		if e.Test != nil {
			line += fmt.Sprintf("  test %s%%", e.Test.Top1)
		}
		if e.EMA != nil {
			line += fmt.Sprintf("  average weights %s%%", e.EMA.Top1)
		}
		fmt.Fprintln(log, line)
	}
	return stop
}

// tail describes the class counts.
func tail(counts []int) string {
	if len(counts) <= 10 {
		return fmt.Sprint(counts)
	}
	most, least := counts[0], counts[0]
	for _, n := range counts {
		most, least = max(most, n), min(least, n)
	}
	return fmt.Sprintf("%d down to %d images", most, least)
}
