package hybrid

import (
	"fmt"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/schedule"
)

// LossReport is one term in one step, or its mean over the steps of an epoch.
type LossReport struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`   // before its weight
	Weight  float64 `json:"weight"`  // for a contrastive term of a hybrid, the curriculum's α
	Anchors int     `json:"anchors"` // rows that took part, summed over the steps
	Skipped int     `json:"skipped"` // rows left out: anchors without a positive
	// ZeroRows counts embeddings too short to normalise.
	ZeroRows int `json:"zero_rows"`
}

// StepReport is what Trainer.OnStep gets after each step.
type StepReport struct {
	At              schedule.Progress
	Losses          []LossReport
	Total           float64 // the weighted sum
	LearningRate    float64
	GradNorm        float64 // before clipping
	Images          int     // that went through the backbone in this step: each view counts
	ImagesPerSecond float64 // of this step, waiting for its batch included
}

// EpochReport is what Trainer.OnEpoch gets after each epoch, and one line of a Result.
type EpochReport struct {
	Epoch           int             `json:"epoch"` // from 0
	Steps           int             `json:"steps"`
	Losses          []LossReport    `json:"losses"`
	Total           float64         `json:"loss"` // mean over the steps of the weighted sum
	LearningRate    float64         `json:"lr"`   // in the first step
	Images          int             `json:"images"`
	Seconds         float64         `json:"seconds"` // evaluation excluded
	ImagesPerSecond float64         `json:"images_per_second"`
	Test            *metrics.Report `json:"test,omitempty"` // nil if this epoch was not evaluated
}

// Result is what a run reached.
type Result struct {
	Epochs          []EpochReport      `json:"epochs"`
	Last            *metrics.Report    `json:"last,omitempty"` // of the last evaluation; nil if there was none
	Confusion       *metrics.Confusion `json:"-"`              // of the last evaluation
	Images          int                `json:"images"`         // that went through the backbone in training
	Seconds         float64            `json:"seconds"`        // of training, evaluation excluded
	ImagesPerSecond float64            `json:"images_per_second"`
}

// Best returns the epoch with the highest test accuracy, or nil if none was evaluated. It is chosen on the test set:
// quote Last, or choose on a held-out part of the training data.
func (r *Result) Best() *EpochReport {
	var best *EpochReport
	for i := range r.Epochs {
		if e := &r.Epochs[i]; e.Test != nil && (best == nil || e.Test.Top1 > best.Test.Top1) {
			best = e
		}
	}
	return best
}

// add joins a step to the epoch's sums.
func (e *EpochReport) add(s StepReport) {
	if e.Losses == nil {
		e.Losses = make([]LossReport, len(s.Losses))
		e.LearningRate = s.LearningRate
	}
	for i, l := range s.Losses {
		sum := &e.Losses[i]
		sum.Name = l.Name
		sum.Value += l.Value
		sum.Weight += l.Weight
		sum.Anchors += l.Anchors
		sum.Skipped += l.Skipped
		sum.ZeroRows += l.ZeroRows
	}
	e.Total += s.Total
	e.Images += s.Images
	e.Steps++
}

// finish turns sums into means.
func (e *EpochReport) finish() {
	n := float64(max(e.Steps, 1))
	for i := range e.Losses {
		e.Losses[i].Value /= n
		e.Losses[i].Weight /= n
	}
	e.Total /= n
	e.ImagesPerSecond = rate(e.Images, e.Seconds)
}

func rate(images int, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(images) / seconds
}

// NonFiniteError says that a loss or a gradient was not finite: the step was not taken, the weights are those before it.
// Or the last update of an epoch made a weight infinite; Loss is then the epoch's mean.
type NonFiniteError struct {
	Epoch, Step int     // from 0
	Loss        float64 // the total
	Param       string  // the first parameter whose value, else whose gradient is not finite; "" if all are finite
}

// Error says what to look at; Fit's error puts epoch and step before it.
func (e *NonFiniteError) Error() string {
	where := "all gradients are finite"
	if e.Param != "" {
		where = "first bad parameter " + e.Param
	}
	return fmt.Sprintf("loss %v, %s: lower the learning rate, warm it up or clip gradients, and check the data for values that are not finite",
		e.Loss, where)
}
