package checkpoint

import (
	"encoding/json"
	"fmt"
)

// Version is the format of checkpoint directories that this package writes and reads.
const Version = 2

// Run is where a run stood: the file run.json of a checkpoint.
type Run struct {
	Version int    `json:"version"` // of the format; Save sets it
	Epoch   int    `json:"epoch"`   // the epoch in progress, from 0; of a finished run the number of epochs
	Step    int    `json:"step"`    // steps of that epoch that are done
	Seed    uint64 `json:"seed"`
	// Score ranks the checkpoints of a run, the highest first; nil: this one has no rank.
	Score *float64        `json:"score,omitempty"`
	State json.RawMessage `json:"state,omitempty"` // what else the run needs to go on: history, counters
}

// name is that of the checkpoint's directory. Names sort as the run went, up to epoch 9,999.
func (r Run) name() string { return fmt.Sprintf("epoch-%04d-step-%06d", r.Epoch, r.Step) }

// before reports whether r came before other in the run.
func (r Run) before(other Run) bool {
	return r.Epoch < other.Epoch || r.Epoch == other.Epoch && r.Step < other.Step
}

// position returns the epoch and step of a checkpoint's name, or false for any other name.
func position(name string) (Run, bool) {
	var r Run
	_, err := fmt.Sscanf(name, "epoch-%d-step-%d", &r.Epoch, &r.Step)
	return r, err == nil && r.Epoch >= 0 && r.Step >= 0 && r.name() == name
}

// otherVersion is the error of a checkpoint that is intact, but of another version of this package.
type otherVersion int

func (v otherVersion) Error() string {
	text := fmt.Sprintf("the format has version %d, this program reads version %d: ", int(v), Version)
	if v == 1 {
		return text + "finish the run with the program that began it, which build.revision in its manifest.json names, or with longtail " +
			"of commit 8ac9c55, or begin a run in another directory; the weights in it open as they are"
	}
	return text + "go on with the program that saved it"
}

// parseRun reads run.json.
func parseRun(text []byte) (Run, error) {
	var v struct {
		Version *int `json:"version"`
	}
	// The version comes first: of another format, nothing else may be as expected.
	if err := json.Unmarshal(text, &v); err != nil {
		return Run{}, fmt.Errorf("not the state of a run: %w", err)
	}
	if v.Version == nil {
		return Run{}, fmt.Errorf("not the state of a run: it has no version")
	}
	if *v.Version != Version {
		return Run{}, otherVersion(*v.Version)
	}
	var r Run
	if err := json.Unmarshal(text, &r); err != nil {
		return Run{}, fmt.Errorf("not the state of a run: %w", err)
	}
	if r.Epoch < 0 || r.Step < 0 {
		return Run{}, fmt.Errorf("epoch %d and step %d must not be negative", r.Epoch, r.Step)
	}
	return r, nil
}
