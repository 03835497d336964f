package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/describe"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
)

// Checkpoints says where and when a run is saved, and whether it goes on with an earlier one.
//
// A checkpoint is a directory of checkpoint.Store: "model" has the network and the parameters of losses, "ema", with
// Trainer.EMA, the average weights, "best" and "best-ema" those of Result.Best and BestEMA, "keys" the momentum encoder of
// losses that take keys, and "optimizer" its state; manifest.json is Trainer.Manifest. hybrid.Open makes a network of the directory, or of one of
// model.safetensors, ema.safetensors, best.safetensors and best-ema.safetensors in it, with the class names of
// the training set. It says why if the network cannot be described; safetensors.LoadPartial fills one made by hand.
// Besides the times below, a run is saved when its context is cancelled. Values that are not finite are never saved.
type Checkpoints struct {
	Dir         string // of this run alone, which Fit locks, see checkpoint.Store.Lock; "": nothing is saved
	EveryEpochs int    // save after every so many epochs, and after the last; 0 means 1
	EverySteps  int    // save after every so many steps of an epoch too; 0: not
	// Keep is how many of the newest checkpoints stay, besides the one of the best saved epoch, the first with the highest
	// Score. 0 means 3.
	Keep int
	// Resume goes on from the newest checkpoint that is intact, with the same bits as if the run had never stopped, and
	// begins a run where there is none. The trainer, the network and the data must be those of the run, as its manifest says
	// them: a difference is an error that names the fields (manifest.Changes). Workers, observers, functions, WarnAfter and
	// these settings may differ, and GOMAXPROCS, and the build of the program but for the kind of processor.
	//
	// Of losses, samplers and other parts the manifest has exported fields, and the values of schedules. Parts with state
	// must show it as nn.Visitable.
	Resume bool
	// Override lets the run go on though these differ. The manifest, and Result.NotBitForBit, then say from which step on. With
	// another EvalBatch the weights keep their bits, unless they are chosen; what is measured of them may differ by rounding.
	Override manifest.Override
}

// saver is what a run needs to be saved.
type saver struct {
	store    checkpoint.Store
	manifest manifest.Manifest // what the run is
	encoded  []byte            // manifest
	about    hybrid.About      // the run's network
	draws    string            // checksum of the epoch's samples
	resumed  *state            // until it was compared with the epoch's draws
	release  func()            // of the lock of store; nil: it is not held
	dir      os.FileInfo       // of the directory that is locked
}

// close lets others have the directory.
func (s *saver) close() {
	if s.release != nil {
		s.release()
		s.release = nil
	}
}

// open prepares saving and goes on with an earlier run.
func (r *run) open(ctx context.Context) error {
	c := r.Checkpoints
	if c.Dir == "" {
		return nil
	}
	r.saver.store = checkpoint.Store{Dir: c.Dir, Keep: c.Keep}
	var err error
	if r.saver.release, err = r.saver.store.Lock(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if r.saver.dir, err = os.Stat(c.Dir); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if r.saver.manifest, err = r.describe(ctx, r.network, r.train, r.test); err != nil {
		return fmt.Errorf("train: Trainer: %w", err)
	}
	r.saver.manifest.Network.Frozen = describe.Frozen(trainable{r.network, r.Streams}) // those of losses too, now that they are built
	r.saver.about = hybrid.AboutOf(r.train)
	r.saver.about.Method = r.Notes.Method
	if err := r.saver.encode(); err != nil {
		return err
	}
	if c.Resume {
		return nil // join does
	}
	earlier, err := r.saver.store.List()
	if err != nil || len(earlier) == 0 {
		return err
	}
	return fmt.Errorf("train: %s has checkpoints of an earlier run, the newest %s: set Checkpoints.Resume to go on with it, "+
		"or choose another directory", c.Dir, filepath.Base(earlier[len(earlier)-1]))
}

func (r *run) saveInEpoch() error {
	if n := r.Checkpoints.EverySteps; n > 0 && r.batch == 0 && r.at.Step%n == 0 {
		return r.save(nil)
	}
	return nil
}

func (r *run) saveAfterEpoch(e EpochReport) error {
	if r.at.Epoch%r.Checkpoints.EveryEpochs != 0 && r.at.Epoch != r.Epochs && r.result.Stopped == "" {
		return nil
	}
	return r.save(e.Score)
}

// saveOnCancel saves a run whose context was cancelled and adds to err where.
func (r *run) saveOnCancel(ctx context.Context, err error) error {
	if r.Checkpoints.Dir == "" || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	var score *float64 // of an epoch that has just ended, which EveryEpochs may have left out
	if n := len(r.result.Epochs); r.at.Step == 0 && n > 0 && r.result.Epochs[n-1].Epoch == r.at.Epoch-1 {
		score = r.result.Epochs[n-1].Score
	}
	if failed := r.save(score); failed != nil {
		return errors.Join(err, failed)
	}
	return fmt.Errorf("%w (saved in %s)", err, r.result.Checkpoint)
}

// save writes a checkpoint of the last whole step.
func (r *run) save(score *float64) error {
	if r.Checkpoints.Dir == "" {
		return nil
	}
	if err := r.checkFinite(); err != nil {
		return err
	}
	if err := r.observe("before saving", record.Observer.Flush); err != nil {
		return fmt.Errorf("%w; %s", err, before(r.result.Checkpoint))
	}
	if now, err := os.Stat(r.Checkpoints.Dir); err != nil {
		return fmt.Errorf("train: the directory of the checkpoints: %w: it was removed while the run went on", err)
	} else if !os.SameFile(now, r.saver.dir) {
		return fmt.Errorf("train: %s is no longer the directory that the run began in: it was removed, or hidden by another; nothing was saved there", r.Checkpoints.Dir)
	}
	s, err := json.Marshal(r.state())
	if err != nil {
		return fmt.Errorf("train: the state of the run: %w", err)
	}
	// What cannot be described is saved all the same: the metadata say why, and the run goes on from it.
	metadata, _ := hybrid.Metadata(r.network, nil, r.saver.about)
	files := map[string]checkpoint.File{"model": {State: trainable{r.network, r.Streams}, Metadata: metadata}, "optimizer": {State: r.optimizer}}
	if r.average != nil {
		files["ema"] = r.model(r.average.Weights)
	}
	for name, b := range r.result.bests {
		if b != nil {
			files[name] = r.model(b.Weights)
		}
	}
	if r.encoder != nil {
		files["keys"] = checkpoint.File{State: r.network.With(r.encoder.Weights)}
	}
	path, err := r.saver.store.Save(checkpoint.Run{Epoch: r.at.Epoch, Step: r.at.Step, Seed: r.Seed, Score: score, State: s}, r.saver.encoded, files)
	if path != "" {
		r.result.Checkpoint = path
	} else if err != nil {
		return fmt.Errorf("%w; %s", err, before(r.result.Checkpoint))
	}
	return err
}

// model is a model file of other weights than the network's.
func (r *run) model(w *autograd.Weights) checkpoint.File {
	metadata, _ := hybrid.Metadata(r.network, w, r.saver.about)
	return checkpoint.File{State: r.network.With(w), Metadata: metadata}
}

// before says what is left after a checkpoint could not be saved.
func before(path string) string {
	if path == "" {
		return "there is no checkpoint before it"
	}
	if _, err := checkpoint.Open(path); err != nil {
		return "nor is the one before it intact: " + err.Error()
	}
	return "the checkpoint before it is intact: " + path
}
