// Package describe says in words what settings are: types by their names, and their exported fields, so that a user's own
// types show up too. Zero values, which mean the default, are left out: "optim.SGD{Momentum: 0.9, WeightDecay: 0.0001}".
//
// Schedules are told by all of their fields and, where there is a function in one, by a checksum of its value in each epoch.
// Tensors are told by their shape, functions by their name if they have one.
package describe

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"runtime"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// describer turns settings into what JSON can hold.
type describer struct {
	epochs int              // at which schedules are asked for their values, which fields may not tell
	within map[uintptr]bool // what is being described: what points back to it is not followed
}

// literal matches the names of functions without one: they count the literals around them, and how these were inlined.
var literal = regexp.MustCompile(`\.func\d`)

// bare is a text that stands for something else: a function's name, a tensor's shape.
type bare string

var isScheduler = reflect.TypeFor[schedule.Scheduler]()

func (d describer) value(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	switch v.Kind() {
	case reflect.Interface:
		return d.dynamic(v.Elem())
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if v.CanInterface() {
			switch x := v.Interface().(type) {
			case *tensor.Tensor:
				return bare(x.Shape().String())
			case *autograd.Param:
				return bare(x.Value.Shape().String())
			}
		}
		if d.within[v.Pointer()] {
			return "itself"
		}
		d.within[v.Pointer()] = true
		defer delete(d.within, v.Pointer())
		return d.value(v.Elem())
	case reflect.Struct:
		return d.fields(v)
	case reflect.Slice, reflect.Array:
		return d.list(v)
	case reflect.Map:
		all := map[string]any{}
		for _, k := range v.MapKeys() {
			all[fmt.Sprint(k)] = d.value(v.MapIndex(k))
		}
		return all
	case reflect.Func:
		if v.IsNil() {
			return nil
		}
		name := runtime.FuncForPC(v.Pointer()).Name()
		if literal.MatchString(name) {
			return bare("func")
		}
		return bare(name)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprint(f)
		}
		return v.Float()
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	}
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	}
	return v.Type().String()
}

// fields describes the exported fields of a struct, and all of a schedule's, which are settings too.
func (d describer) fields(v reflect.Value) map[string]any {
	all := map[string]any{}
	every := v.Type().Implements(isScheduler) || reflect.PointerTo(v.Type()).Implements(isScheduler)
	for i := range v.NumField() {
		if f := v.Type().Field(i); every || f.IsExported() {
			all[f.Name] = d.value(v.Field(i))
		}
	}
	return all
}

// list describes elements one by one, or long lists by their checksum.
func (d describer) list(v reflect.Value) any {
	all := make([]any, v.Len())
	for i := range all {
		all[i] = d.value(v.Index(i))
	}
	if len(all) <= 64 {
		return all
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Sprintf("%d elements", len(all))
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%d elements, SHA-256 %x", len(all), sum[:8])
}

// dynamic describes what an interface holds.
func (d describer) dynamic(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	inner := d.value(v)
	all, isStruct := inner.(map[string]any)
	if !isStruct {
		all = map[string]any{"value": inner}
	}
	all["type"] = v.Type().String()
	if !v.Type().Implements(isScheduler) || !v.CanInterface() || !hasFunction(inner) {
		return all
	}
	h, s := sha256.New(), v.Interface().(schedule.Scheduler)
	for epoch := range d.epochs {
		at := s.At(schedule.Progress{Epoch: epoch, Epochs: d.epochs, Steps: 1})
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(at)))
	}
	all["values"] = bare(fmt.Sprintf("%x", h.Sum(nil)[:8]))
	return all
}

// hasFunction reports whether a function is part of what v describes.
func hasFunction(v any) bool {
	switch x := v.(type) {
	case bare:
		return true
	case []any:
		return slices.ContainsFunc(x, hasFunction)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(x)), hasFunction)
	}
	return false
}
