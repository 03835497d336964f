package train

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/manifest"
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
	Number          int     // of the step in the whole run, from 0
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
	NonFinite       int             `json:"non_finite,omitempty"`     // steps left out, see Trainer.SkipNonFinite
	Dropped         int             `json:"dropped,omitempty"`        // samples drawn that make no whole step; those that LimitSteps leaves out do not count
	Validation      *metrics.Report `json:"validation,omitempty"`     // nil if this epoch was not evaluated, or on no such set
	Test            *metrics.Report `json:"test,omitempty"`           // likewise
	ValidationEMA   *metrics.Report `json:"validation_ema,omitempty"` // of the average weights; nil without Trainer.EMA
	EMA             *metrics.Report `json:"ema,omitempty"`            // likewise, on the test set
	Score           *float64        `json:"score,omitempty"`          // by Trainer.Score; nil if nothing is chosen
	ScoreEMA        *float64        `json:"score_ema,omitempty"`      // of the average weights
	Stopped         string          `json:"stopped,omitempty"`        // why the run ends well with this epoch, see Trainer.Patience; "": it goes on, or is through

	// Average are the average weights as they are now, for hybrid.Evaluator, SaveWith and FreezeWith in Trainer.OnEpoch; nil
	// elsewhere, and without Trainer.EMA.
	Average *autograd.Weights `json:"-"`
}

// Result is what a run reached, the epochs before it was resumed included.
type Result struct {
	Epochs     []EpochReport `json:"epochs"`
	Best       *Best         `json:"best,omitempty"`        // the epoch with the best weights; nil if nothing is chosen
	BestEMA    *Best         `json:"best_ema,omitempty"`    // likewise of the average weights
	PassedOver []string      `json:"passed_over,omitempty"` // checkpoints that were damaged when the run was resumed, and how
	// NotBitForBit are the steps from which it has not the bits of a run that was never stopped, see Checkpoints.Override.
	NotBitForBit    []manifest.Departure `json:"not_bit_for_bit,omitempty"`
	Stopped         string               `json:"stopped,omitempty"`  // why the run ended well before its time, see Trainer.Patience; "" if it did not
	Last            *metrics.Report      `json:"last,omitempty"`     // of the last evaluation on the test set; nil if there was none
	LastEMA         *metrics.Report      `json:"last_ema,omitempty"` // likewise of the average weights; nil without Trainer.EMA
	Confusion       *metrics.Confusion   `json:"-"`                  // of the last evaluation on the test set
	EMA             *autograd.Weights    `json:"-"`                  // the average weights, see FreezeWith; nil without Trainer.EMA
	Checkpoint      string               `json:"-"`                  // the path of the newest checkpoint; "" if there is none
	Images          int                  `json:"images"`             // that went through the backbone in training
	Seconds         float64              `json:"seconds"`            // of training, evaluation excluded
	ImagesPerSecond float64              `json:"images_per_second"`
}

// Best is the epoch that Trainer.Score ranks highest, the first of equals.
type Best struct {
	Epoch int     `json:"epoch"` // from 0
	Score float64 `json:"score"`
	On    string  `json:"on"` // what was looked at: OnValidation, OnTest or OnTraining
	// Weights are those the network, or the moving average, had then: for Network.SetWeights, FreezeWith and hybrid.SaveWith.
	Weights *autograd.Weights `json:"-"`
}

// What Best.On says.
const (
	OnValidation = "validation set"
	OnTest       = "test set" // of a Score without Trainer.Validation: its best figures say too much
	OnTraining   = "training" // of a Score with neither set
)

// bests yields the best weights by the names of their files in a checkpoint; nil where there are none.
func (r *Result) bests(yield func(string, *Best) bool) {
	_ = yield("best", r.Best) && yield("best-ema", r.BestEMA)
}

// add joins term k of a batch to the step's sums.
func (s *StepReport) add(k int, l LossReport) {
	if k == len(s.Losses) {
		s.Losses = append(s.Losses, LossReport{Name: l.Name, Weight: l.Weight})
	}
	sum := &s.Losses[k]
	sum.Value += l.Value
	sum.Anchors += l.Anchors
	sum.Skipped += l.Skipped
	sum.ZeroRows += l.ZeroRows
}

// mean turns sums over the batches of a step into means.
func (s *StepReport) mean(batches int) {
	for k := range s.Losses {
		s.Losses[k].Value /= float64(batches)
	}
	s.Total /= float64(batches)
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

// finished returns the report with means in place of sums.
func (e EpochReport) finished() EpochReport {
	e.Losses = slices.Clone(e.Losses)
	n := float64(max(e.Steps, 1))
	for i := range e.Losses {
		e.Losses[i].Value /= n
		e.Losses[i].Weight /= n
	}
	e.Total /= n
	e.ImagesPerSecond = rate(e.Images, e.Seconds)
	return e
}

func rate(images int, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(images) / seconds
}
