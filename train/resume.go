package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// state is what a run needs to go on, besides tensors: Run.State of a checkpoint.
type state struct {
	Result    Result      `json:"result"`
	Confusion [][3]int    `json:"confusion,omitempty"` // label, predicted class, images
	Epoch     EpochReport `json:"epoch"`               // of the epoch in progress: sums over its steps
	Skipped   int         `json:"skipped,omitempty"`   // steps left out
	Averaged  int         `json:"averaged,omitempty"`  // steps in the average weights
	Draws     string      `json:"draws,omitempty"`     // checksum of the samples of the epoch in progress
	// Untouched lists the parameters that no gradient has reached: optimizers pass them over, where a gradient of zeros
	// moves them by momentum and weight decay.
	Untouched []string `json:"untouched,omitempty"`
}

func (r *run) state() state {
	s := state{Result: *r.result, Epoch: r.epoch, Skipped: r.skipped, Confusion: cells(r.result.Confusion)}
	if r.at.Step > 0 {
		s.Draws = r.saver.draws
	}
	if r.average != nil {
		s.Averaged = r.average.Updates
	}
	for _, e := range r.params {
		if e.Param.Grad == nil {
			s.Untouched = append(s.Untouched, e.Path)
		}
	}
	return s
}

// parseState reads what state was written.
func parseState(text []byte, classes, images int) (state, *metrics.Confusion, error) {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return s, nil, err
	}
	if s.Skipped < 0 || s.Averaged < 0 || s.Epoch.Steps < 0 {
		return s, nil, errors.New("a count is negative")
	}
	if s.Confusion == nil {
		return s, nil, nil
	}
	confusion, err := metrics.NewConfusion(classes)
	for _, c := range s.Confusion {
		if c[2] < 0 || c[2] > images {
			return s, nil, fmt.Errorf("confusion of %d images: there are %d", c[2], images)
		}
		images -= c[2]
		for range c[2] {
			err = errors.Join(err, confusion.Add(c[0], c[1]))
			if err != nil {
				return s, nil, err
			}
		}
	}
	return s, confusion, err
}

// cells lists the pairs of a confusion that occur.
func cells(c *metrics.Confusion) (all [][3]int) {
	if c == nil {
		return nil
	}
	for label := range c.Classes() {
		for predicted := range c.Classes() {
			if n := c.At(label, predicted); n > 0 {
				all = append(all, [3]int{label, predicted, n})
			}
		}
	}
	return all
}

// resume goes on from the newest checkpoint, if there is one. The network changes last, when nothing else is wrong.
func (r *run) resume() error {
	c, damaged, err := r.saver.store.Newest()
	if errors.Is(err, checkpoint.ErrNone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("train: resuming: %w", err)
	}
	for _, d := range damaged {
		r.warn(Warning{Kind: DamagedCheckpoint, Err: d})
	}
	if err := r.resumeFrom(c); err != nil {
		return fmt.Errorf("train: resuming from %s: %w", c.Path, err)
	}
	for _, d := range damaged {
		r.result.PassedOver = append(r.result.PassedOver, d.Error())
	}
	return nil
}

func (r *run) resumeFrom(c *checkpoint.Checkpoint) error {
	departed, err := r.sameRun(c.Manifest)
	if err != nil {
		return err
	}
	images := 0
	if r.test != nil {
		images = r.test.Len()
	}
	s, confusion, err := parseState(c.Run.State, r.network.Classes(), images)
	if err != nil {
		return fmt.Errorf("run.json: the state of the run: %w", err)
	}
	if c.Run.Epoch > r.Epochs || c.Run.Epoch == r.Epochs && c.Run.Step > 0 {
		return fmt.Errorf("run.json: epoch %d of %d, step %d: it has come further than it is to go", c.Run.Epoch, r.Epochs, c.Run.Step)
	}
	if err := c.Load("optimizer", r.optimizer); err != nil {
		return err
	}
	if r.average != nil {
		if err := c.Load("ema", r.network.With(r.average.Weights)); err != nil {
			return err
		}
		r.average.Updates = s.Averaged
	}
	for name, b := range s.Result.bests {
		if b != nil {
			b.Weights = autograd.Snapshot(nn.Tensors(r.network)...)
			if err := c.Load(name, r.network.With(b.Weights)); err != nil {
				return err
			}
		}
	}
	if r.encoder != nil {
		if err := c.Load("keys", r.network.With(r.encoder.Weights)); err != nil {
			return err
		}
	}
	if err := c.Load("model", trainable{r.network, r.Streams}); err != nil {
		return err
	}
	r.at.Epoch, r.at.Step = c.Run.Epoch, c.Run.Step
	r.adopt(s, confusion)
	r.result.Checkpoint = c.Path
	return r.depart(departed)
}

// adopt makes s the run's, but for tensors.
func (r *run) adopt(s state, confusion *metrics.Confusion) {
	for _, e := range r.params {
		if p := e.Param; slices.Contains(s.Untouched, e.Path) {
			p.Grad = nil
		} else if p.Grad == nil {
			p.Grad = tensor.New(p.Value.Shape()...)
		}
	}
	average := r.result.EMA
	r.result, r.epoch, r.skipped = &s.Result, s.Epoch, s.Skipped
	r.result.Confusion, r.result.EMA = confusion, average
	r.saver.resumed = &s
}

// checkDraws compares an epoch that is gone on with to what it was.
func (r *run) checkDraws(p *batch.Plan) error {
	if r.Checkpoints.Dir == "" && !r.ranks.several() {
		return nil
	}
	h := sha256.New()
	for _, order := range slices.Concat(p.Orders, p.Partners) {
		for _, i := range order {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(i)))
		}
	}
	sum := h.Sum(nil)[:8]
	if err := r.ranks.sameDraws(sum); err != nil {
		return err
	}
	r.saver.draws = fmt.Sprintf("%x", sum)
	was := r.saver.resumed
	r.saver.resumed = nil
	if was != nil && r.at.Step > 0 && (was.Draws != r.saver.draws || r.at.Step > r.at.Steps) {
		return fmt.Errorf("train: resuming from %s: the samplers draw other images in epoch %d than they did: a sampler must depend "+
			"on nothing but its arguments", r.result.Checkpoint, r.at.Epoch)
	}
	return nil
}
