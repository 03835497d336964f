package experiment

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/distributed"
)

// follows reports whether another rank keeps the run.
func (r *Run) follows() bool { return r.Trainer.Ranks != nil && r.Trainer.Ranks.Rank() > 0 }

// found is what rank 0 finds in the folder of a run.
type found struct {
	Done  *Report `json:"done,omitempty"`
	Error string  `json:"error,omitempty"`
}

// tell lets all ranks know what rank 0 has found: they train, or have what it has.
func (r *Run) tell(done *Report, err error) (*Report, error) {
	ranks := r.Trainer.Ranks
	if ranks == nil || ranks.Size() == 1 {
		return done, err
	}
	f := found{Done: done}
	if err != nil {
		f.Error = err.Error()
	}
	text, failed := json.Marshal(f)
	if failed != nil {
		return done, errors.Join(err, failed)
	}
	if text, failed = distributed.Send(ranks, text, 0); failed != nil || !r.follows() {
		return done, errors.Join(err, failed)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	if f.Error != "" {
		return nil, fmt.Errorf("rank 0: %s", f.Error)
	}
	return f.Done, nil
}
