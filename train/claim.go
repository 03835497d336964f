package train

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
)

// claimed are the networks and losses that runs of this process are changing.
var claimed sync.Map

// claim reserves for one run what it changes: the network, and the losses that hold something between calls. What another
// run has is an error, where both would go on with each other's numbers. release gives all back.
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
	own := map[any]bool{}
	for _, s := range streams {
		for _, t := range s.Terms {
			if !remembers(t.Loss) || own[t.Loss] {
				continue
			}
			if own[t.Loss] = true; !take(t.Loss) {
				release()
				return nil, fmt.Errorf("train: term %q: another run is training with this %T, which holds what it computed of that run's "+
					"data: make one for each run", t.Name, t.Loss)
			}
		}
	}
	return release, nil
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
