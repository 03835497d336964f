// Package loss has the losses of hybrid networks, those the field compares them with, and the interface for your own.
//
// On logits: CrossEntropy, LabelAwareSmoothing, Focal, ClassBalanced, LDAM, DRW, LogitAdjusted, which is balanced softmax too, and
// VectorScaling; Distillation, of a teacher's logits too. On those of several experts: Experts, which gives each a loss of its own, and
// ExpertDiversity.
// On embeddings: SupervisedContrastive (SC), PrototypicalContrastive (PSC) and MultiPrototypicalContrastive,
// BalancedContrastive (BCL), KCL, TSC and ProCo. On both: PaCo, which is GPaCo too.
//
// Func and EmbeddingFunc make losses of functions.
//
// A Loss sees one stream's rows on a tape and returns a scalar. It holds no state that Forward changes, so its gradient
// can be checked (autograd/gradtest) and a step can be repeated; what a loss remembers of the steps (queues, class means,
// prototypes that follow) changes at Tape.Commit, for which Forward registers it on a training tape. Settings are checked
// once by Prepare; a mistake Prepare could not see (labels out of range, shapes) panics with *tensor.Error, which training
// returns as an error.
package loss

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// Input is what a loss computes from: the R rows of a stream in this step.
type Input struct {
	Embedding *autograd.Var   // [R, D], unit rows; nil unless Needs has Embedding
	Logits    *autograd.Var   // [R, C]; nil unless Needs has Logits
	Experts   []*autograd.Var // [R, C] of each expert, whose mean Logits are; nil unless Needs has Experts
	Labels    []int           // of the R rows; view-major: view v of sample i is row v·(R/Views)+i
	Views     int             // views of each sample, at least 1
	Mix       *Mix            // second labels under mixup and its kin; nil: none
	// Keys are embeddings [V·R/Views, D] of V other views of the same samples by a momentum encoder: unit rows, view-major
	// like the others, row i of sample i mod R/Views. They take no gradient. nil unless Needs has Keys.
	Keys *tensor.Tensor
	// Teacher are logits [R, C] of the same rows by another network. They take no gradient. nil unless Needs has Teacher.
	Teacher *tensor.Tensor
	At      schedule.Progress
}

// Mix says that the rows are blends of two samples: row i is Weight[i] of Labels[i] in Input and 1−Weight[i] of the
// second label.
type Mix struct {
	Labels []int
	Weight []float32 // in [0, 1]
}

// Stats counts what happened in a loss.
type Stats struct {
	Anchors  int // rows that took part
	Skipped  int // rows left out: contrastive anchors without a positive
	ZeroRows int // embeddings whose norm is 0: the feature was too short to normalise
}

// Needs says which outputs of the network a loss reads.
type Needs struct{ Embedding, Logits, Keys, Experts, Teacher bool }

// With is what either reads.
func (n Needs) With(m Needs) Needs {
	return Needs{n.Embedding || m.Embedding, n.Logits || m.Logits, n.Keys || m.Keys, n.Experts || m.Experts, n.Teacher || m.Teacher}
}

// Loss is a scalar of a stream's rows. Implement nn.Visitable too if it has parameters of its own, such as prototypes.
//
// Forward may be called on several tapes at once, as long as nothing calls Prepare or Build, or commits a step, meanwhile.
// A loss that keeps what these compute serves one run at a time, which train.Trainer holds; CrossEntropy, Focal and
// SupervisedContrastive keep nothing and serve any number.
type Loss interface {
	// Needs says which fields of Input must be set.
	Needs() Needs
	// Forward returns the loss, a scalar, on the tape of its inputs. A trainer that warns also calls it with embeddings,
	// logits and keys of zeros, on a tape that does not train, to know what the loss is by chance.
	Forward(in Input) (*autograd.Var, Stats)
}

// Builder is a Loss that makes parts of its own, such as prototypes, for the network it is to train. A trainer calls Build
// before Prepare, each time it begins.
type Builder interface {
	Build(Target) error
}

// Target is what a loss is built for.
type Target struct {
	Classes int
	Dim     int    // width of the embeddings; 0 if the network makes none
	Seed    uint64 // of the run
}

// Composite is a Loss made of others, which a trainer then holds for its run too.
type Composite interface {
	Losses() []Loss
}

// Preparer is a Loss that checks its settings, or computes from the class counts, before training.
type Preparer interface {
	// Prepare is given the number of training images of each class.
	Prepare(classCounts []int) error
}
