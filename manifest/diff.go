package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Difference is one field in which two manifests differ.
type Difference struct {
	Field string // its path: "training.streams[0].terms[1].settings.temperature"
	A, B  string // both values as JSON; "" where there is none
}

const longest = 300 // runes of a value that String shows

// String returns the field and both values on one line, the beginning of long ones.
func (d Difference) String() string {
	some := func(v string) string {
		if v == "" {
			return "none"
		}
		if r := []rune(v); len(r) > longest {
			return string(r[:longest]) + "…"
		}
		return v
	}
	return fmt.Sprintf("%s: %s, %s", d.Field, some(d.A), some(d.B))
}

// Diff returns the fields in which a and b differ, in the order of the format; none if they say the same. Lists of numbers
// or texts differ as a whole, streams and terms by position, settings by name.
func Diff(a, b Manifest) []Difference {
	var all []Difference
	diff("", reflect.ValueOf(a), reflect.ValueOf(b), &all)
	return all
}

// diff compares two values of one type. One that is not valid is absent.
func diff(path string, a, b reflect.Value, all *[]Difference) {
	if !a.IsValid() || !b.IsValid() {
		*all = append(*all, Difference{path, text(a), text(b)})
		return
	}
	switch t := a.Type(); {
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			diff(strings.TrimPrefix(path+"."+name, "."), a.Field(i), b.Field(i), all)
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		for i := range max(a.Len(), b.Len()) {
			diff(fmt.Sprintf("%s[%d]", path, i), at(a, i), at(b, i), all)
		}
	case t.Kind() == reflect.Map:
		x, y := a.Interface().(map[string]string), b.Interface().(map[string]string)
		names := maps.Clone(x)
		if names == nil {
			names = map[string]string{}
		}
		maps.Copy(names, y)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			diff(path+"."+name, a.MapIndex(reflect.ValueOf(name)), b.MapIndex(reflect.ValueOf(name)), all)
		}
	default:
		if x, y := text(a), text(b); x != y {
			*all = append(*all, Difference{path, x, y})
		}
	}
}

func at(list reflect.Value, i int) reflect.Value {
	if i < list.Len() {
		return list.Index(i)
	}
	return reflect.Value{}
}

// text is v as JSON. An empty list and none are the same.
func text(v reflect.Value) string {
	if !v.IsValid() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return ""
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v.Interface()) // the types of a manifest all have a JSON form
	return strings.TrimSuffix(b.String(), "\n")
}
