package train

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
)

// HashNothing as Trainer.HashImages leaves images unread, and their files' names and sizes too.
const HashNothing = -1

// communicator is Ranks, or one process.
func (t *Trainer) communicator() distributed.Communicator {
	if t.Ranks == nil {
		return distributed.Alone{}
	}
	return t.Ranks
}

func (t *Trainer) setDefaults() {
	t.Ranks = t.communicator()
	for _, d := range []struct {
		setting *int
		value   int
	}{
		{&t.Epochs, 200}, {&t.Batch, 512}, {&t.Accumulate, 1}, {&t.EvalEvery, 1}, {&t.WarnAfter, 100}, {&t.Checkpoints.EveryEpochs, 1},
		{&t.Workers, runtime.GOMAXPROCS(0)},
	} {
		if *d.setting == 0 {
			*d.setting = d.value
		}
	}
	if t.KeyDecay == 0 && slices.ContainsFunc(t.Streams, func(s hybrid.Stream) bool { return len(s.Keyed()) > 0 }) {
		t.KeyDecay = 0.999
	}
	if t.LearningRate == nil {
		t.LearningRate = schedule.MultiStep{Base: t.recipeRate(), Milestones: schedule.Milestones(t.Epochs, 0.6, 0.8)}
	}
	if t.Optimizer == nil {
		t.Optimizer = optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}
	}
}

// recipeRate is the learning rate of arXiv 2103.14267, 0.5 for 512 samples in a step, in proportion to those of t.
func (t *Trainer) recipeRate() float64 { return 0.5 * float64(t.Batch) * float64(t.Accumulate) / 512 }

func (t Trainer) check(n *hybrid.Network, train, test dataset.Dataset) error {
	if n == nil || train == nil {
		return fmt.Errorf("train: Fit needs a network and training data")
	}
	if err := kernels.CheckEnvironment(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for name, v := range map[string]int{"Epochs": t.Epochs, "Batch": t.Batch, "Accumulate": t.Accumulate, "Chunk": t.Chunk, "LimitSteps": t.LimitSteps,
		"EvalEvery": t.EvalEvery, "EvalBatch": t.EvalBatch, "SkipNonFinite": t.SkipNonFinite, "WarnAfter": t.WarnAfter, "Workers": t.Workers,
		"Patience":                t.Patience,
		"Checkpoints.EveryEpochs": t.Checkpoints.EveryEpochs, "Checkpoints.EverySteps": t.Checkpoints.EverySteps,
		"Checkpoints.Keep": t.Checkpoints.Keep} {
		if v < 0 {
			return fmt.Errorf("train: Trainer.%s %d must not be negative", name, v)
		}
	}
	if t.Chunk > 0 && t.Batch%t.Chunk != 0 {
		return fmt.Errorf("train: Trainer.Chunk %d must divide Batch %d: batch norm would see a last chunk of %d", t.Chunk, t.Batch, t.Batch%t.Chunk)
	}
	if err := t.checkRanks(); err != nil {
		return err
	}
	if t.Precision != autograd.Float32 && t.Precision != autograd.BFloat16 {
		return fmt.Errorf("train: Trainer.Precision is %v: it must be autograd.Float32 or autograd.BFloat16", t.Precision)
	}
	if t.HashImages < HashNothing {
		return fmt.Errorf("train: Trainer.HashImages %d must be positive, 0 for 256, or HashNothing", t.HashImages)
	}
	if !(t.ClipNorm >= 0) {
		return fmt.Errorf("train: Trainer.ClipNorm %v must not be negative", t.ClipNorm)
	}
	if !(t.EMA.Decay >= 0 && t.EMA.Decay < 1) {
		return fmt.Errorf("train: Trainer.EMA.Decay %v must be above 0 and below 1, or 0 for no average", t.EMA.Decay)
	}
	if !(t.KeyDecay >= 0 && t.KeyDecay < 1) {
		return fmt.Errorf("train: Trainer.KeyDecay %v must be above 0 and below 1, or 0 for 0.999", t.KeyDecay)
	}
	if t.EMA.Warmup && t.EMA.Decay == 0 {
		return fmt.Errorf("train: Trainer.EMA.Warmup needs EMA.Decay: set it, commonly to 0.999")
	}
	if t.Checkpoints.Resume && t.Checkpoints.Dir == "" {
		return fmt.Errorf("train: Trainer.Checkpoints.Resume needs Checkpoints.Dir: the directory of the run to go on with")
	}
	if err := schedule.Validate(t.LearningRate); err != nil {
		return fmt.Errorf("train: Trainer.LearningRate: %w", err)
	}
	if t.Patience > 0 && t.Validation == nil && t.Score == nil {
		return fmt.Errorf("train: Trainer.Patience %d needs something to look at: set Validation, to a part held out by dataset.Holdout "+
			"for example, or Score", t.Patience)
	}
	for _, set := range []struct {
		name string
		data dataset.Dataset
	}{{"training", train}, {"validation", t.Validation}, {"test", test}} {
		if set.data != nil {
			if err := n.CheckData(set.name, set.data); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRanks says whether each rank has samples of a batch.
func (t Trainer) checkRanks() error {
	size := t.Ranks.Size()
	if size > 1 && t.Batch < size {
		return fmt.Errorf("train: Trainer.Batch %d is less than one sample for each of %d ranks: choose a larger batch or fewer ranks", t.Batch, size)
	}
	if size > 1 && t.Chunk > 0 && t.Batch%(size*t.Chunk) != 0 {
		return fmt.Errorf("train: Trainer.Batch %d must be a multiple of the Chunk %d times %d ranks, so that all pass equally many", t.Batch, t.Chunk, size)
	}
	return nil
}
