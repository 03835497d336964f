package train

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// ranks is what a run does with the other ranks that train it. Each passes its part of a batch through the network and gathers what
// the others made of theirs: all compute the losses of all rows, to the same bits. So what a loss remembers, reports, warnings and
// steps left out are the same everywhere with nothing sent.
//
// Of the loss each takes a part, 1/size, backward. What it gathered gets its gradient times size on the way back to its own rows, so
// that the sum over ranks of all gradients is that of one process: of the network, and of the parameters of losses.
type ranks struct {
	distributed.Communicator

	own     context.Context // of this rank alone
	cancel  context.CancelCauseFunc
	apart   bool // others may be elsewhere: nothing more is sent
	sums    distributed.Reducer[float32]
	wide    distributed.Reducer[float64]
	overlap           // of sums and backward passes
	joined  []float32 // gradients of a bucket
	trace   func(Span)
	spans   []Span           // of sums, for trace
	buffers []*tensor.Tensor // of the network, which each rank moves by its own rows
	values  []float64
}

func newRanks(c distributed.Communicator, n *hybrid.Network) *ranks {
	r := &ranks{Communicator: c}
	if n == nil {
		return r
	}
	for _, e := range nn.Entries(n) {
		if e.Buffer != nil {
			r.buffers = append(r.buffers, e.Buffer)
		}
	}
	return r
}

func (r *ranks) several() bool { return r.Size() > 1 }

// context returns one that ends on all ranks at once, when agree finds that of one has ended.
func (r *ranks) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if !r.several() {
		return ctx, func() {}
	}
	r.own = ctx
	all, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	r.cancel = cancel
	return all, func() { cancel(nil) }
}

// send notes that others may be elsewhere after an error in what all do.
func (r *ranks) send(err error) error {
	if err != nil {
		r.apart = true
	}
	return err
}

// agree lets all ranks end when one cannot go on: it returns err, or else that another has failed or was cancelled.
func (r *ranks) agree(err error) error {
	if !r.several() || r.apart {
		return err
	}
	const well, failed, cancelled = 0, 1, 2
	codes := make([]int32, r.Size())
	said := err
	switch {
	case err != nil:
		codes[r.Rank()] = failed
	case r.own != nil && r.own.Err() != nil:
		codes[r.Rank()], said = cancelled, cause.Err(r.own)
	}
	if lost := r.send(distributed.AllGather(r, codes, distributed.Shards(r.Size(), r.Size()))); lost != nil {
		return errors.Join(err, lost)
	}
	first := well
	for _, code := range codes {
		if code == failed || code == cancelled && first == well {
			first = int(code)
		}
	}
	if first == well {
		return nil
	}
	text := []byte{}
	if said != nil {
		text = []byte(said.Error())
	}
	all, lost := distributed.Gather(r, text)
	r.apart = true
	if err != nil || lost != nil {
		return errors.Join(err, lost)
	}
	for rank, code := range codes {
		if int(code) != first {
			continue
		}
		err = fmt.Errorf("rank %d: %s", rank, all[rank])
		break
	}
	if first == cancelled {
		if said != nil { // this rank's own reason
			err = said
		}
		r.cancel(err)
		if !errors.Is(err, context.Canceled) {
			err = fmt.Errorf("%w: %w", context.Canceled, err)
		}
	}
	return err
}

// finish is agree when all is done: who is cancelled now was not stopped.
func (r *ranks) finish() error {
	r.own = nil
	return r.agree(nil)
}

// same is x as it is on rank 0.
func (r *ranks) same(x float64) (float64, error) {
	if !r.several() {
		return x, nil
	}
	one := []float64{x}
	err := r.send(distributed.Broadcast(r, one, 0))
	return one[0], err
}

// seed is that of the randomness of a rank's own rows.
func (r *ranks) seed(seed uint64) uint64 { return seed + uint64(r.Rank())*0x9e3779b97f4a7c15 }

// sameDraws checks that the samplers of all ranks have drawn the same.
func (r *ranks) sameDraws(sum []byte) error {
	if !r.several() {
		return nil
	}
	all := make([]int64, r.Size())
	all[r.Rank()] = int64(binary.LittleEndian.Uint64(sum))
	if err := r.send(distributed.AllGather(r, all, distributed.Shards(r.Size(), r.Size()))); err != nil {
		return err
	}
	for rank, s := range all {
		if s != all[0] {
			return fmt.Errorf("train: the samplers of rank %d draw other samples than those of rank 0: a sampler must depend on nothing but its arguments", rank)
		}
	}
	return nil
}
