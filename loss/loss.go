// Package loss has the losses of hybrid networks, those the field compares them with, and the interface for your own.
//
// On logits: CrossEntropy, Focal, ClassBalanced, LDAM, DRW, and LogitAdjusted, which is balanced softmax too. On embeddings:
// SupervisedContrastive (SC), PrototypicalContrastive (PSC) and MultiPrototypicalContrastive, BalancedContrastive (BCL), KCL,
// TSC and ProCo. On both: PaCo, which is GPaCo too.
//
// A Loss sees one stream's rows on a tape and returns a scalar. It holds no state that Forward changes, so its gradient
// can be checked (autograd/gradtest) and a step can be repeated; what a loss remembers of the steps (queues, class means,
// prototypes that follow) changes at Tape.Commit, for which Forward registers it on a training tape. Settings are checked once by Prepare; a mistake Prepare
// could not see (labels out of range, shapes) panics with *tensor.Error, which training returns as an error.
package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// Input is what a loss computes from: the R rows of a stream in this step.
type Input struct {
	Embedding *autograd.Var // [R, D], unit rows; nil unless Needs has Embedding
	Logits    *autograd.Var // [R, C]; nil unless Needs has Logits
	Labels    []int         // of the R rows; view-major: view v of sample i is row v·(R/Views)+i
	Views     int           // views of each sample, at least 1
	Mix       *Mix          // second labels under mixup and its kin; nil: none
	// Keys are embeddings [V·R/Views, D] of V other views of the same samples by a momentum encoder: unit rows, view-major
	// like the others, row i of sample i mod R/Views. They take no gradient. nil unless Needs has Keys.
	Keys *tensor.Tensor
	At   schedule.Progress
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
type Needs struct{ Embedding, Logits, Keys bool }

// Loss is a scalar of a stream's rows. Implement nn.Visitable too if it has parameters of its own, such as prototypes.
type Loss interface {
	// Needs says which fields of Input must be set.
	Needs() Needs
	// Forward returns the loss, a scalar, on the tape of its inputs.
	Forward(in Input) (*autograd.Var, Stats)
}

// Preparer is a Loss that checks its settings, or computes from the class counts, before training.
type Preparer interface {
	// Prepare is given the number of training images of each class.
	Prepare(classCounts []int) error
}

// check panics unless the rows of x [R, width] fit the labels.
func check(op string, x *autograd.Var, in Input) (rows, cols int) {
	if x == nil {
		panic(&tensor.Error{Op: op, Detail: "its input was not computed: Needs must ask for it"})
	}
	s := x.Shape()
	if len(s) != 2 || s[0] != len(in.Labels) {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{s, {len(in.Labels)}}, Detail: "needs a matrix with a row for each label"})
	}
	return s[0], s[1]
}

// checkLabels panics unless all labels name one of the classes.
func checkLabels(op string, labels []int, classes int) {
	for i, y := range labels {
		if y < 0 || y >= classes {
			panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(labels)}}, Detail: fmt.Sprintf("label %d of row %d is not one of %d classes", y, i, classes)})
		}
	}
}

// checkMix panics unless Mix, if there is one, has a label of one of the classes and a weight for each row.
func checkMix(op string, in Input, classes int) {
	m, rows := in.Mix, len(in.Labels)
	if m == nil {
		return
	}
	if len(m.Labels) != rows || len(m.Weight) != rows {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(m.Labels)}, {len(m.Weight)}}, Detail: fmt.Sprintf("Mix needs a label and a weight for each of %d rows", rows)})
	}
	checkLabels(op, m.Labels, classes)
	for i, w := range m.Weight {
		if !(w >= 0 && w <= 1) {
			panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(m.Weight)}}, Detail: fmt.Sprintf("weight %v of row %d in Mix is not in [0, 1]", w, i)})
		}
	}
}

// noMix panics if the rows are blends, which the loss has no meaning for.
func noMix(op string, in Input) {
	if in.Mix != nil {
		panic(&tensor.Error{Op: op, Detail: "has no form for mixed samples: give the term views that are not mixed, or use cross-entropy"})
	}
}

// zeroRows counts the rows of norm zero; a unit row has at least one entry of 1/√D.
func zeroRows(x *autograd.Var) int {
	rows, cols := x.Dim(0), x.Dim(1)
	n := 0
	for r := range rows {
		zero := true
		for _, v := range x.Data()[r*cols : (r+1)*cols] {
			if v != 0 {
				zero = false
				break
			}
		}
		if zero {
			n++
		}
	}
	return n
}

func checkTemperature(name string, tau float64, usual string) error {
	if !(tau > 0) || math.IsInf(tau, 1) {
		return fmt.Errorf("loss: %s: temperature %v must be finite and above 0 (the paper uses %s)", name, tau, usual)
	}
	return nil
}

// checkCounts reports a class without images, for losses that divide by the counts.
func checkCounts(name string, classCounts []int) error {
	for c, n := range classCounts {
		if n < 1 {
			return fmt.Errorf("loss: %s: class %d has %d training images: leave it out, or use a loss that does not divide by the counts", name, c, n)
		}
	}
	return nil
}

// mustKnowClasses panics unless Prepare was called with as many classes as the loss now meets.
func mustKnowClasses(op string, prepared, classes int) {
	if prepared != classes {
		panic(&tensor.Error{Op: op, Detail: fmt.Sprintf("Prepare was given the counts of %d classes, the input has %d", prepared, classes)})
	}
}

// mustPrepare panics with *tensor.Error for settings Prepare would refuse, when Forward is called without it.
func mustPrepare(op string, err error) {
	if err != nil {
		panic(&tensor.Error{Op: op, Detail: err.Error()})
	}
}
