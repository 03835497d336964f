package train

import (
	"fmt"
	"iter"
	"reflect"
	"sync"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
)

// claimed are the networks and losses that runs of this process are changing.
var claimed sync.Map

// claim reserves for one run what it changes: the network, and the losses that hold something between calls. What another
// run has is an error, where both would go on with each other's numbers, and so is a teacher that it trains. release gives all back.
func claim(n *hybrid.Network, streams hybrid.Streams) (release func(), err error) {
	var mine []any
	release = func() {
		for _, v := range mine {
			claimed.Delete(v)
		}
	}
	take := func(v any) bool {
		if _, taken := claimed.LoadOrStore(v, true); taken {
			return false
		}
		mine = append(mine, v)
		return true
	}
	if n != nil && !take(n) {
		return nil, fmt.Errorf("train: another run is training this network: wait for it, or make a network for each run")
	}
	own := map[loss.Loss]loss.Loss{} // and what each is a part of; itself: of nothing
	for i, s := range streams {
		if _, taken := claimed.Load(s.Teacher); taken && s.Teacher != n {
			release()
			return nil, fmt.Errorf("train: stream %d: another run is training its Teacher: wait for it", i)
		}
		for _, t := range s.Terms {
			for l, whole := range within(t.Loss, t.Loss) {
				if of, mine := own[l]; mine && of != whole {
					release()
					return nil, fmt.Errorf("train: term %q: its %T is part of another %T too: make one for each", t.Name, l, of)
				} else if mine {
					continue
				}
				if own[l] = whole; !take(l) {
					release()
					return nil, fmt.Errorf("train: term %q: another run is training with this %T, which holds what it computed of that run's "+
						"data: make one for each run", t.Name, l)
				}
			}
		}
	}
	return release, nil
}

// within yields those of a loss and its parts that hold something between calls, each with what it is a part of.
func within(l, whole loss.Loss) iter.Seq2[loss.Loss, loss.Loss] {
	return func(yield func(loss.Loss, loss.Loss) bool) {
		if remembers(l) && !yield(l, whole) {
			return
		}
		if c, ok := l.(loss.Composite); ok && !isNil(l) {
			for _, part := range c.Losses() {
				for inner := range within(part, l) {
					if !yield(inner, l) {
						return
					}
				}
			}
		}
	}
}

// remembers reports whether a loss holds something between calls: parts and state that it shows or builds, or fields of its
// own that Prepare fills in.
func remembers(l loss.Loss) bool {
	v := reflect.ValueOf(l)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem().Size() == 0 {
		return false // a value, which no call can change
	}
	_, shows := l.(nn.Visitable)
	_, builds := l.(loss.Builder)
	if shows || builds {
		return true
	}
	if _, prepares := l.(loss.Preparer); !prepares || v.Type().Elem().Kind() != reflect.Struct {
		return false
	}
	for i := range v.Type().Elem().NumField() {
		if !v.Type().Elem().Field(i).IsExported() {
			return true
		}
	}
	return false
}
