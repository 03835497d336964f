package record

import "errors"

// Scalars is an Observer that records the figures of each step under the step's number in the whole run, and those of each
// epoch under the epoch. Either Recorder may be nil. It flushes them and leaves them open.
type Scalars struct{ Steps, Epochs Recorder }

// Begin does nothing.
func (s Scalars) Begin(int, int) error { return nil }

// Step records "loss/NAME" and "weight/NAME" of each loss, "loss", "lr", "gradient norm" and "images/s".
func (s Scalars) Step(at State) error {
	return scalars(s.Steps, at.Number, at.Losses, Figure{"loss", at.Loss}, Figure{"lr", at.LearningRate},
		Figure{"gradient norm", at.GradNorm}, Figure{"images/s", at.ImagesPerSecond})
}

// Epoch records what Step does, but for the norm, and the epoch's Figures.
func (s Scalars) Epoch(e Epoch) error {
	own := []Figure{{"loss", e.Loss}, {"lr", e.LearningRate}, {"images/s", e.ImagesPerSecond}}
	return scalars(s.Epochs, e.Epoch, e.Losses, append(own, e.Figures...)...)
}

// scalars stops at the first error.
func scalars(to Recorder, at int, losses []Loss, figures ...Figure) error {
	if to == nil {
		return nil
	}
	var all []Figure
	for _, l := range losses {
		all = append(all, Figure{"loss/" + l.Name, l.Value}, Figure{"weight/" + l.Name, l.Weight})
	}
	for _, f := range append(all, figures...) {
		if err := to.Scalar(at, f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// Flush flushes both.
func (s Scalars) Flush() error { return s.each(Recorder.Flush) }

// End flushes both.
func (s Scalars) End() error { return s.Flush() }

func (s Scalars) each(do func(Recorder) error) error {
	var errs []error
	for _, r := range []Recorder{s.Steps, s.Epochs} {
		if r != nil {
			errs = append(errs, do(r))
		}
	}
	return errors.Join(errs...)
}
