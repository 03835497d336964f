package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/record"
)

// observe tells the observers.
func (r *run) observe(what string, tell func(record.Observer) error) error {
	for i, o := range r.Observers {
		if err := tell(o); err != nil {
			return fmt.Errorf("Observers[%d] (%T) %s: %w", i, o, what, err)
		}
	}
	return nil
}

// stepHooks tells of a step that is done.
func (r *run) stepHooks() error {
	what := fmt.Sprintf("of step %d", r.report.At.Step)
	if len(r.Observers) > 0 {
		state := stateOf(r.report)
		if err := r.observe(what, func(o record.Observer) error { return o.Step(state) }); err != nil {
			return err
		}
	}
	if r.OnStep != nil {
		if err := r.OnStep(r.report); err != nil {
			return fmt.Errorf("OnStep %s: %w", what, err)
		}
	}
	return r.warned
}

// epochHooks tells of an epoch that is done.
func (r *run) epochHooks(e EpochReport) error {
	what := fmt.Sprintf("of epoch %d", e.Epoch)
	if len(r.Observers) > 0 {
		epoch := epochOf(e, r.Epochs)
		if err := r.observe(what, func(o record.Observer) error { return o.Epoch(epoch) }); err != nil {
			return err
		}
	}
	if r.OnEpoch != nil {
		if r.average != nil {
			e.Average = r.average.Weights
		}
		if err := r.OnEpoch(e); err != nil {
			return fmt.Errorf("OnEpoch %s: %w", what, err)
		}
	}
	return r.warned
}

// stateOf is a step as observers see it.
func stateOf(s StepReport) record.State {
	return record.State{Epoch: s.At.Epoch, Epochs: s.At.Epochs, Step: s.At.Step, Steps: s.At.Steps, Number: s.Number, Losses: lossesOf(s.Losses),
		Loss: s.Total, LearningRate: s.LearningRate, GradNorm: s.GradNorm, Images: s.Images, ImagesPerSecond: s.ImagesPerSecond}
}

func lossesOf(all []LossReport) []record.Loss {
	out := make([]record.Loss, len(all))
	for i, l := range all {
		out[i] = record.Loss{Name: l.Name, Value: l.Value, Weight: l.Weight, Skipped: l.Skipped}
	}
	return out
}

// epochOf is an epoch as observers see it.
func epochOf(e EpochReport, epochs int) record.Epoch {
	out := record.Epoch{Epoch: e.Epoch, Epochs: epochs, Losses: lossesOf(e.Losses), Loss: e.Total, LearningRate: e.LearningRate,
		ImagesPerSecond: e.ImagesPerSecond}
	var notes []string
	for _, m := range []struct {
		on, of, note string
		report       *metrics.Report
	}{
		{"validation/", "", "validation", e.Validation}, {"validation/", " of the average weights", "average weights", e.ValidationEMA},
		{"test/", "", "test", e.Test}, {"test/", " of the average weights", "average weights", e.EMA},
	} {
		if m.report == nil {
			continue
		}
		notes = append(notes, fmt.Sprintf("%s %s%%", m.note, m.report.Top1))
		for _, f := range []struct {
			name string
			rate metrics.Rate
		}{
			{"top1", m.report.Top1}, {"balanced accuracy", m.report.Balanced}, {"macro F1", m.report.MacroF1},
			{"many", m.report.Many}, {"medium", m.report.Medium}, {"few", m.report.Few},
		} {
			if v := float64(f.rate); !math.IsNaN(v) {
				out.Figures = append(out.Figures, record.Figure{Name: m.on + f.name + m.of, Value: v})
			}
		}
	}
	if e.Stopped != "" {
		notes = append(notes, "stopped: "+e.Stopped)
	}
	out.Note = strings.Join(notes, "  ")
	return out
}
