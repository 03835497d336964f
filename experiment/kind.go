package experiment

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/internal/smallfile"
)

// Kind is what a folder was begun for.
type Kind string

const (
	KindRun        Kind = "run"
	KindComparison Kind = "comparison"
	KindSweep      Kind = "sweep"
)

// KindOf tells what a folder holds: by its settings.json, or where that has no kind, by what else is there. "" if it cannot be told,
// as of a folder that is not there.
func KindOf(dir string) Kind {
	if dir == "" { // nothing is kept
		return ""
	}
	var has struct {
		Kind                  Kind
		Method, Methods, Axes json.RawMessage // of settings.json as earlier builds of longtail wrote it
	}
	if text, err := smallfile.Read(filepath.Join(dir, SettingsFile), mostBytes); err == nil {
		_ = json.Unmarshal(text, &has) // a damaged file says nothing
	}
	_, err := os.Stat(filepath.Join(dir, SweepFile))
	switch {
	case slices.Contains([]Kind{KindRun, KindComparison, KindSweep}, has.Kind):
		return has.Kind
	case Exists(dir):
		return KindRun
	case err == nil || has.Axes != nil:
		return KindSweep
	case has.Methods != nil:
		return KindComparison
	case has.Method != nil:
		return KindRun
	}
	return ""
}

// checkKind is an error if a folder holds what is of another kind.
func checkKind(dir string, kind Kind) error {
	if was := KindOf(dir); was != "" && was != kind {
		return fmt.Errorf("experiment: %s holds a %s, not a %s: choose another folder", dir, was, kind)
	}
	return nil
}

// Begin makes the folder of a run, a comparison or a sweep, and keeps in settings.json its kind and what it was begun with. A folder
// that holds what is of another kind is an error, and stays as it is.
func Begin(dir string, kind Kind, settings any) error {
	if err := checkKind(dir, kind); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	path := filepath.Join(dir, SettingsFile)
	text, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("experiment: %s: %w", path, err)
	}
	if len(text) > 2 && text[0] == '{' { // its fields, after the kind
		text = fmt.Appendf(nil, `{"kind":%q,%s`, kind, text[1:])
	}
	return writeJSON(path, json.RawMessage(text))
}
