package experiment

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/manifest"
)

// inTable are the fields that the table shows anyway.
var inTable = []string{"training.images_seen"}

// CheckFields refuses fields that manifests do not have.
func CheckFields(fields []string) error {
	for _, f := range fields {
		if _, ok := value(manifest.Manifest{}, f); !ok {
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
