package record

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Recorder keeps what a run reports. CSV and TensorBoard write files; NewSlog and Multi make others.
type Recorder interface {
	// Scalar records a value under a step and a name. The value may be infinite or NaN.
	Scalar(step int, name string, value float64) error
	// Text records a text; TensorBoard shows it as Markdown.
	Text(step int, name, text string) error
	// Settings records the hyperparameters of the run, or of the part of it that begins at step.
	Settings(step int, values map[string]string) error
	// Flush puts everything recorded so far on disk.
	Flush() error
	// Close flushes and closes. It returns the first error that any call met. More calls do nothing but return it again.
	Close() error
}

// check refuses what no recorder can keep.
func check(step int, name string, texts ...string) error {
	switch {
	case step < 0:
		return fmt.Errorf("record: step %d of %q: steps count from 0", step, name)
	case name == "":
		return errors.New("record: a name is empty: give each series one")
	}
	for _, s := range append(texts, name) {
		if !utf8.ValidString(s) {
			return fmt.Errorf("record: %q at step %d: %q is not valid UTF-8", name, step, s)
		}
	}
	return nil
}

// settingsName stands before the names of settings.
const settingsName = "settings"

func checkSettings(step int, values map[string]string) error {
	if err := check(step, settingsName); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := check(step, name, values[name]); err != nil {
			return err
		}
	}
	return nil
}
