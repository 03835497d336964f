package train

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// phrase is what a describer says about v as a text: "optim.SGD{Momentum: 0.9, WeightDecay: 0.0001}". Zero values, which
// mean the default, are left out.
func (d describer) phrase(v any) string {
	if v == nil {
		return ""
	}
	return phrase(d.dynamic(reflect.ValueOf(v)))
}

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
