package describe

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Value says what v is, in a run of so many epochs; "" for nil.
func Value(v any, epochs int) string {
	if v == nil {
		return ""
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Func && r.Type().Name() == "" { // its type says nothing
		return phrase(newDescriber(epochs).value(r))
	}
	return phrase(newDescriber(epochs).dynamic(r))
}

// Fields says what v, a struct or a pointer to one, is: the name of its type, and its fields that are not zero.
func Fields(v any, epochs int) (name string, fields map[string]string) {
	all := newDescriber(epochs).dynamic(reflect.ValueOf(v)).(map[string]any)
	fields = map[string]string{}
	for field, v := range all {
		if field != "type" && !isZero(v) {
			fields[field] = phrase(v)
		}
	}
	return phrase(map[string]any{"type": all["type"]}), fields
}

func newDescriber(epochs int) describer { return describer{epochs: epochs, within: map[uintptr]bool{}} }

func phrase(v any) string {
	switch x := v.(type) {
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case string:
		return strconv.Quote(x)
	case bare:
		return path.Base(string(x))
	case []any:
		all := make([]string, len(x))
		for i := range x {
			all[i] = phrase(x[i])
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		return phraseOf(x)
	}
	return fmt.Sprint(v)
}

// phraseOf is the phrase of a struct, or of what an interface holds.
func phraseOf(all map[string]any) string {
	name, _ := all["type"].(string)
	name = strings.TrimPrefix(name, "*")
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if k != "type" && k != "value" && !isZero(all[k]) {
			parts = append(parts, k+": "+phrase(all[k]))
		}
	}
	if value, ok := all["value"]; ok && name != "" {
		if text := phrase(value); strings.HasPrefix(text, "[") {
			name += text
		} else {
			name += "(" + text + ")"
		}
	}
	if len(parts) == 0 && name != "" {
		return name
	}
	return name + "{" + strings.Join(parts, ", ") + "}"
}

// isZero reports whether v describes a zero value. What an interface holds is none.
func isZero(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case []any:
		return len(x) == 0
	case map[string]any:
		for _, inner := range x {
			if !isZero(inner) {
				return false
			}
		}
		return true
	}
	return reflect.ValueOf(v).IsZero()
}
