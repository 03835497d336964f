package main

import (
	"context"
	"fmt"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/train"
)

// job is a run to come.
type job struct {
	method  method.Method
	network *hybrid.Network
	trainer train.Trainer
	result  result // without figures until it is trained
}

// newJob makes network and trainer, and finds what does not fit before hours of training.
func newJob(s settings, d *data, name string) (*job, error) {
	m, err := method.ByName(name)
	if err != nil {
		return nil, err
	}
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: s.Depth, Width: s.Width, Branches: m.Branches, Seed: d.seed})
	if err != nil {
		return nil, err
	}
	net, streams, err := m.New(body, method.Setup{Counts: d.counts, Size: s.Size, Dim: s.Embedding, Seed: d.seed})
	if err != nil {
		return nil, err
	}
	if s.Views == "plain" { // the hybrid networks' padding of 4 pixels in 32, in proportion
		streams = streams.Augment(augment.Compose{augment.Crop{Padding: s.Size / 8}, augment.Flip{P: 0.5}, augment.Grayscale{P: 0.2}})
	}
	j := &job{method: m, network: net, trainer: s.trainer(m, d.trainSet.Len())}
	j.trainer.Streams, j.trainer.Seed = streams, d.seed
	if s.Groups == "rank" {
		j.trainer.Groups = metrics.ByRank{First: 3, Last: 3}
		if _, _, _, err := j.trainer.Groups.Split(d.counts); err != nil {
			return nil, fmt.Errorf("-groups rank: %w", err)
		}
	}
	j.result, err = j.describe(s, d)
	if batch, images := j.result.Manifest.Training.Batch, d.trainSet.Len(); err == nil && batch > images {
		return nil, fmt.Errorf("%s draws batches of %d of only %d images: choose a smaller batch, or leave it out", name, batch, images)
	}
	return j, err
}

// train trains, finishes and tests.
func (j *job) trainSet(ctx context.Context, s settings, d *data) error {
	fitted, err := j.trainer.Fit(ctx, j.network, d.trainSet, nil)
	if err != nil {
		return err
	}
	began := time.Now()
	stage := method.Stage{Train: d.trainSet, Held: d.held, Retrain: posthoc.Retrain{Batch: s.Batch, Seed: d.seed}}
	if err := j.method.Finish(ctx, j.network, stage); err != nil {
		return err
	}
	j.result.Seconds = fitted.Seconds + time.Since(began).Seconds()
	j.result.Manifest.Training.ImagesSeen = int64(fitted.Images)
	confusion, err := j.network.Evaluate(ctx, d.test, 0)
	if err != nil {
		return err
	}
	report, err := confusion.Report(d.counts, j.trainer.Groups)
	if err != nil {
		return err
	}
	j.result.measure(report)
	return nil
}
