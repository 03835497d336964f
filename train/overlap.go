package train

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/nn"
)

// backward is Backward of a tape, after which gradients are those of all ranks.
func (r *ranks) backward(t *autograd.Tape, y *autograd.Var, params []nn.Entry) error {
	began := time.Now()
	if r.trace != nil {
		r.spans = r.spans[:0]
		defer func() {
			for _, s := range r.spans {
				r.trace(s)
			}
		}()
	}
	var order []*autograd.Param
	fits := r.fits(params)
	err := r.beside(fits, func() {
		t.BackwardDone(y, nil, func(p *autograd.Param) {
			if order = append(order, p); fits {
				r.complete(p)
			}
		})
		if r.trace != nil {
			r.trace(Span{Name: spanBackward, Began: began, Ended: time.Now()})
		}
	})
	if err != nil {
		return err
	}
	rest := summed(params)
	if fits {
		rest = r.unplaced(rest)
	}
	if len(rest) == 0 {
		return nil
	}
	if fits { // a gradient that was not there before
		r.buckets, r.place = nil, nil
		return r.send(r.reduceAll(buckets(rest)))
	}
	if err := r.plan(order, rest); err != nil {
		return err
	}
	return r.send(r.reduceAll(r.buckets))
}

// beside runs a backward pass with the line open. When it returns, or panics, nothing is on its way.
func (r *ranks) beside(open bool, pass func()) (err error) {
	if !open {
		pass()
		return nil
	}
	r.line = newLine(len(r.buckets))
	r.next, r.open = 0, r.open[:0]
	for _, b := range r.buckets {
		r.open = append(r.open, len(b))
	}
	defer func() {
		err = r.send(r.line.close())
		r.line = nil
	}()
	pass()
	for ; r.next < len(r.buckets); r.next++ { // what the pass had no use for
		r.leave(r.buckets[r.next])
	}
	return nil
}

// complete notes that a gradient is complete, and lets buckets leave that are.
func (r *ranks) complete(p *autograd.Param) {
	at, planned := r.place[p]
	if !planned {
		return
	}
	r.open[at]--
	for ; r.next < len(r.buckets) && r.open[r.next] == 0; r.next++ {
		r.leave(r.buckets[r.next])
	}
}

func (r *ranks) leave(b bucket) { r.line.add(func() error { return r.reduce(b) }) }

func (r *ranks) reduceAll(all []bucket) error {
	for _, b := range all {
		if err := r.reduce(b); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether the buckets have all gradients that there are, and no others.
func (r *ranks) fits(params []nn.Entry) bool {
	now := summed(params)
	return r.place != nil && len(now) == len(r.place) && len(r.unplaced(now)) == 0
}

// summed are the parameters whose gradients are those of all ranks.
func summed(params []nn.Entry) (all []*autograd.Param) {
	for _, e := range params {
		if e.Param.Grad != nil && !e.Param.Frozen {
			all = append(all, e.Param)
		}
	}
	return all
}

// unplaced are the parameters that no bucket has.
func (r *ranks) unplaced(params []*autograd.Param) (all []*autograd.Param) {
	for _, p := range params {
		if _, placed := r.place[p]; !placed {
			all = append(all, p)
		}
	}
	return all
}

// plan makes buckets of parameters, in the order in which a pass on rank 0 has completed their gradients.
func (r *ranks) plan(order, params []*autograd.Param) error {
	number := make(map[*autograd.Param]uint32, len(params))
	for i, p := range params {
		number[p] = uint32(i)
	}
	var mine []byte
	listed := map[*autograd.Param]bool{}
	for _, list := range [][]*autograd.Param{order, params} {
		for _, p := range list {
			if n, known := number[p]; known && !listed[p] {
				listed[p] = true
				mine = binary.LittleEndian.AppendUint32(mine, n)
			}
		}
	}
	text, err := distributed.Send(r, mine, 0)
	if r.send(err) != nil {
		return err
	}
	if len(text) != len(mine) {
		return r.send(fmt.Errorf("rank %d has gradients of %d parameters, rank 0 of %d: a network must have the same operations on all ranks",
			r.Rank(), len(mine)/4, len(text)/4))
	}
	sorted := make([]*autograd.Param, 0, len(params))
	for ; len(text) > 0; text = text[4:] {
		sorted = append(sorted, params[binary.LittleEndian.Uint32(text)])
	}
	r.buckets, r.place = buckets(sorted), make(map[*autograd.Param]int, len(sorted))
	for i, b := range r.buckets {
		for _, p := range b {
			r.place[p] = i
		}
	}
	return nil
}
