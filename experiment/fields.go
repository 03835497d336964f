package experiment

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/longtail-ml/longtail/manifest"
)

// inTable are the fields that the table shows anyway.
var inTable = []string{"training.images_seen"}

// CheckFields refuses fields that manifests do not have.
func CheckFields(fields []string) error {
	for _, f := range fields {
		if !hasField(reflect.TypeFor[manifest.Manifest](), strings.Split(f, ".")) {
			return fmt.Errorf("experiment: %q is no field of a manifest, as training.images_seen or network.backbone is", f)
		}
	}
	return nil
}

// value returns a field of a manifest by its path, as JSON.
func value(m manifest.Manifest, path string) (string, bool) {
	text, _ := json.Marshal(m) // a manifest always has a JSON form
	for _, name := range strings.Split(path, ".") {
		var fields map[string]json.RawMessage
		if json.Unmarshal(text, &fields) != nil || fields[name] == nil {
			return "", false
		}
		text = fields[name]
	}
	return strings.Trim(string(text), `"`), true
}

// hasField tells whether the JSON of a type may have a field.
func hasField(t reflect.Type, path []string) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if len(path) == 0 {
		return true
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name == path[0] {
			return hasField(t.Field(i).Type, path[1:])
		}
	}
	return false
}
