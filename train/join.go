package train

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/nn"
)

// join brings all ranks to where the run begins: they are found to be alike, rank 0 goes on with an earlier run if it is told to, and
// all have its state.
func (r *run) join(ctx context.Context) error {
	if err := r.ranks.agree(r.alike(ctx)); err != nil {
		return err
	}
	var err error
	if r.Checkpoints.Resume && r.Checkpoints.Dir != "" {
		err = r.resume()
	}
	if err = r.ranks.agree(err); err != nil || !r.ranks.several() {
		return err
	}
	if err := r.share(); err != nil {
		return fmt.Errorf("train: the state of rank 0 for all: %w", err)
	}
	return nil
}

// alike compares what the run is on each rank.
func (r *run) alike(ctx context.Context) error {
	if !r.ranks.several() {
		return nil
	}
	m, err := r.describe(ctx, r.network, r.train, r.test)
	if err = r.ranks.agree(err); err != nil {
		return err
	}
	text, err := m.Encode()
	if err != nil {
		return err
	}
	all, err := distributed.Gather(r.ranks, text)
	if r.ranks.send(err) != nil {
		return err
	}
	first, err := manifest.Decode(all[0])
	if err != nil {
		return err
	}
	var differ []string
	for rank, text := range all {
		other, err := manifest.Decode(text)
		if err != nil {
			return fmt.Errorf("rank %d: %w", rank, err)
		}
		const most = 5
		for i, d := range manifest.Diff(first, other) {
			if i == most {
				differ = append(differ, fmt.Sprintf("rank %d: and more", rank))
				break
			}
			differ = append(differ, fmt.Sprintf("rank %d: %s is %s, on rank 0 %s", rank, d.Field, short(d.B), short(d.A)))
		}
	}
	if differ != nil {
		return fmt.Errorf("train: the ranks are not alike: %s: give all the same settings, data, program and kind of processor (LONGTAIL_CPU sets "+
			"the lower of two)", strings.Join(differ, "; "))
	}
	return nil
}

// shared is where a run goes on, besides tensors.
type shared struct {
	Resumed     bool
	Epoch, Step int
	State       json.RawMessage
	Departures  []manifest.Departure
}

// share gives all ranks the state of rank 0.
func (r *run) share() error {
	s := shared{Resumed: r.saver.resumed != nil, Epoch: r.at.Epoch, Step: r.at.Step, Departures: r.result.NotBitForBit}
	own := r.state()
	if was := r.saver.resumed; was != nil { // of the epoch in progress, drawn later
		own.Draws = was.Draws
	}
	var err error
	if s.State, err = json.Marshal(own); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if text, err = distributed.Send(r.ranks, text, 0); r.ranks.send(err) != nil {
		return err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Resumed && r.ranks.Rank() > 0 {
		if err := r.follow(s); err != nil {
			return err
		}
	}
	parts := []nn.Visitable{trainable{r.network, r.Streams}, r.optimizer}
	if r.average != nil {
		parts = append(parts, r.network.With(r.average.Weights))
	}
	for _, b := range r.result.bests {
		if b != nil {
			parts = append(parts, r.network.With(b.Weights))
		}
	}
	if r.encoder != nil {
		parts = append(parts, r.network.With(r.encoder.Weights))
	}
	for _, p := range parts {
		if err := r.shareState(p); err != nil {
			return err
		}
	}
	return nil
}

// follow goes on where rank 0 does.
func (r *run) follow(s shared) error {
	images := 0
	if r.test != nil {
		images = r.test.Len()
	}
	state, confusion, err := parseState(s.State, r.network.Classes(), images)
	if err != nil {
		return err
	}
	for _, b := range state.Result.bests {
		if b != nil {
			b.Weights = autograd.Snapshot(nn.Tensors(r.network)...)
		}
	}
	if r.average != nil {
		r.average.Updates = state.Averaged
	}
	r.at.Epoch, r.at.Step = s.Epoch, s.Step
	r.adopt(state, confusion)
	r.result.NotBitForBit = s.Departures
	return nil
}

// shareState gives all ranks what m has on rank 0.
func (r *run) shareState(m nn.Visitable) error {
	for _, e := range nn.Entries(m) {
		if x := e.Tensor(); x != nil {
			if err := r.ranks.send(distributed.Broadcast(r.ranks, x.Data(), 0)); err != nil {
				return err
			}
			continue
		}
		text, err := e.State.MarshalBinary()
		if err != nil {
			return fmt.Errorf("state %q: %w", e.Path, err)
		}
		if text, err = distributed.Send(r.ranks, text, 0); r.ranks.send(err) != nil {
			return err
		}
		if r.ranks.Rank() > 0 {
			if err := e.State.UnmarshalBinary(text); err != nil {
				return fmt.Errorf("state %q: %w", e.Path, err)
			}
		}
	}
	return nil
}
