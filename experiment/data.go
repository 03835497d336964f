package experiment

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/manifest"
)

// Data is what the runs of a seed have in common.
type Data struct {
	Seed              uint64
	Train, Held, Test dataset.Dataset   // Held is nil if there is neither a validation set nor a part held out
	Settings          Settings          // those it was opened by, with what was derived filled in
	Derived           []string          // what was derived, and from what, in sentences
	Normalize         augment.Normalize // of the images' pixels, see augment.NormalizeOf
	// Context ends NewRun early, as method.Setup.Context does; Open puts its own there. nil: it does not end.
	Context context.Context
	// Progress is told of what takes long in NewRun and between epochs, as method.Setup.Progress is; nil: it is not.
	Progress func(done, of int)

	// Ranks are the processes that train a run together, see train.Trainer; nil: this one alone. Each opens the same data.
	Ranks distributed.Communicator

	// Keep is where Load keeps decoded images. Its Memory, if 0, is 2 GiB.
	Keep dataset.CacheSettings

	counts   []int // of the images trained on
	manifest manifest.Data
	pixels   float64 // of an image as it is handed out, in the mean
	caches   []*dataset.Cache
}

// Open finds or generates the data of a seed, cuts the long tail and holds images out. It reads few of the images.
func (s Settings) Open(ctx context.Context, seed uint64) (*Data, error) {
	s = s.filled()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	from, err := s.origin(ctx, seed)
	if err != nil {
		return nil, err
	}
	d := &Data{Seed: seed, Test: from.test, Normalize: from.normalize, Derived: from.derived, Context: ctx}
	s.Size = from.size
	if s, err = s.withBackbone(dataset.WidthOf(from.train)); err != nil {
		return nil, err
	}
	if s.Views == "paper" && s.Size != 32 {
		return nil, fmt.Errorf("experiment: views paper is for images of size 32, not %d", s.Size)
	}
	if err := s.setCrop(from, d); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	s = s.withProfile(from, d)
	selection := map[string]dataset.Selection{"shuffle": dataset.Shuffle, "first": dataset.First}[s.Select]
	profile := map[string]dataset.Profile{"exp": dataset.Exponential{Imbalance: s.Imbalance}, "step": dataset.Step{Imbalance: s.Imbalance},
		"natural": dataset.Natural{}}[s.Profile]
	if d.Train, err = dataset.LongTail(from.train, profile, dataset.LongTailSettings{Selection: selection, Seed: seed}); err != nil {
		return nil, err
	}
	d.manifest = manifest.Data{Name: from.name, Profile: fmt.Sprintf("%s, imbalance %g, %s, seed %d", s.Profile, s.Imbalance, s.Select, seed),
		TestCounts: dataset.Counts(from.test), TestSHA256: from.testSum, LeftOut: from.leftOut}
	if from.ids != nil {
		d.manifest.ClassIDs, d.manifest.Classes = from.ids, from.train.Classes()
	}
	switch {
	case from.held != nil:
		d.Held, s.Holdout = from.held, 0
	case s.Holdout > 0:
		if d.Train, d.Held, err = dataset.Holdout(d.Train, dataset.HoldoutSettings{Fraction: s.Holdout, Min: 1, Seed: seed}); err != nil {
			return nil, err
		}
	}
	if d.Held != nil {
		d.manifest.HeldOutCounts = dataset.Counts(d.Held)
		if d.manifest.HeldOutSHA256, err = sumOf(d.Held); err != nil {
			return nil, err
		}
	}
	if s.Choose != "last" && d.Held == nil {
		return nil, fmt.Errorf("experiment: choose %s needs images to choose by: a folder val beside train and test, or a holdout such as 0.1", s.Choose)
	}
	d.counts = dataset.Counts(d.Train)
	d.manifest.TrainCounts = d.counts
	if d.manifest.TrainSHA256, err = sumOf(d.Train); err != nil {
		return nil, err
	}
	if err := d.sum(ctx, s.HashImages); err != nil {
		return nil, err
	}
	d.Settings = s.withBatch(d)
	return d, nil
}

// sum puts checksums of the images into the manifest.
func (d *Data) sum(ctx context.Context, images int) error {
	for _, set := range []struct {
		data    dataset.Dataset
		content *string
	}{{d.Train, &d.manifest.TrainContent}, {d.Held, &d.manifest.HeldOutContent}, {d.Test, &d.manifest.TestContent}} {
		if set.data == nil {
			continue
		}
		sum, err := dataset.Sum(ctx, set.data, dataset.SumSettings{Images: images})
		if err != nil {
			return err
		}
		*set.content = cmp.Or(sum, manifest.NotHashed)
	}
	return nil
}

// CheckTest reports a test set that is not the one of the run in the folder dir, by its manifest. Without one it is nil.
func (d *Data) CheckTest(dir string) error {
	was, err := readManifest(dir)
	if err != nil || was == nil {
		return err
	}
	now := *was
	now.Data.TestSHA256, now.Data.TestCounts, now.Data.TestContent = d.manifest.TestSHA256, d.manifest.TestCounts, d.manifest.TestContent
	if all := manifest.Changes(*was, now); len(all) > 0 {
		return fmt.Errorf("experiment: the images are not the test set that %s has figures of, %v: put them back, or name the folder of "+
			"images to test on", dir, all[0])
	}
	return nil
}

func sumOf(d dataset.Dataset) (string, error) {
	return manifest.HashSamples(dataset.Indices(d), dataset.Labels(d))
}

// width is that of features; 0 for images.
func (d *Data) width() int { return dataset.WidthOf(d.Train) }

// Counts returns the number of training images of each class.
func (d *Data) Counts() []int { return d.counts }

// nameOf is what manifests call a folder.
func nameOf(dir string) string {
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	return filepath.Base(dir)
}
