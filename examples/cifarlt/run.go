package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// run does the experiment. The table goes to out, progress to log.
func run(ctx context.Context, s settings, out, log io.Writer) error {
	if _, err := streams(nil, &s, 0); err != nil { // a misspelt method is found before the data are read
		return err
	}
	if err := probe(s.JSON); err != nil { // and a path that cannot be written before hours of training
		return err
	}
	checkpoints, err := s.checkpoints()
	if err != nil {
		return err
	}
	began := time.Now()
	chosen, err := choose(s)
	if err != nil {
		return err
	}
	data, err := chosen.load(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%v (read in %.1f s)\n", data, time.Since(began).Seconds())

	classes := len(data.tail)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: s.Depth, Width: s.Width, Seed: s.Seed})
	if err != nil {
		return err
	}
	net, err := hybrid.NewNetwork(body, classes, hybrid.WithInput(s.Size, s.Size, 3), hybrid.WithSeed(s.Seed))
	if err != nil {
		return err
	}
	trainer, err := newTrainer(net, &s, classes)
	if err != nil {
		return err
	}
	first := prototypes(trainer.Streams)
	m, err := trainer.Manifest(net, chosen.trainSet, chosen.held, chosen.test)
	if err != nil {
		return err
	}
	s.complete(&m, chosen)
	if err := s.begin(m); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s on %s: %d parameters, %.1f million multiply-adds an image\n", s.Method, m.Network.Backbone, m.Network.Parameters,
		float64(m.Network.MultiplyAdds)/1e6)

	checkpoints.Manifest = m
	trainer.Checkpoints, trainer.Observers = checkpoints, []record.Observer{newProgress(log)}
	if s.Out != "" {
		trainer.Observers = append(trainer.Observers, &record.Files{Dir: s.Out})
	}
	trainer.OnWarning = func(w train.Warning) error { fmt.Fprintln(log, "warning:", w); return nil }
	watched := data.test
	if data.held != nil {
		trainer.Validation, watched = data.held, nil
	}
	result, err := trainer.Fit(ctx, net, data.trainSet, watched)
	if result == nil {
		return err
	}
	m.Training.ImagesSeen = int64(result.Images)
	r := newReport(s, m, result) // what was reached, also after Ctrl-C or a loss that is not finite
	r.PrototypeCosine = meanCosine(first, prototypes(trainer.Streams))
	if err == nil && data.held != nil {
		err = r.choose(ctx, net, data)
	}
	r.stopped(err)
	r.print(out)
	if errors.Is(err, context.Canceled) && s.Out != "" {
		fmt.Fprintf(out, "the same command with -resume goes on from %s\n", result.Checkpoint)
	}
	return errors.Join(err, r.write(s))
}

// complete adds to a manifest what the trainer does not know.
func (s settings) complete(m *manifest.Manifest, d sets) {
	m.Data.Name, m.Data.Profile, m.Training.Method = d.name, s.profile(), s.Method
	m.Network.Backbone = fmt.Sprintf("ResNet-%d, width %d", s.Depth, s.Width)
	if s.Own {
		m.Training.Other = append(m.Training.Other, "own class kept in the denominator")
	}
	m.Selection = manifest.LastEpoch
	if s.Holdout > 0 {
		m.Selection = manifest.BestHeldOut
	}
}
