package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/longtail-ml/longtail/train"
)

// tracer keeps what rank 0 did in the steps that count.
type tracer struct {
	file  string
	spans []train.Span
	steps int
}

const tracedSteps = 10 // the last are kept

// add is train.Step.Trace. A step's backward pass comes before its sums.
func (t *tracer) add(s train.Span) {
	if s.Name == "backward" {
		if t.steps++; t.steps > tracedSteps {
			next := 1
			for next < len(t.spans) && t.spans[next].Name != "backward" {
				next++
			}
			t.spans = t.spans[next:]
			t.steps--
		}
	}
	t.spans = append(t.spans, s)
}

// event is one of Chrome's trace event format, which chrome://tracing and ui.perfetto.dev show. Times are in microseconds.
type event struct {
	Name     string         `json:"name"`
	Phase    string         `json:"ph"`
	Time     float64        `json:"ts"`
	Duration float64        `json:"dur,omitempty"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Args     map[string]any `json:"args,omitempty"`
}

// events shows spans in two rows: backward passes, and sums.
func events(spans []train.Span) []event {
	all := []event{{Name: "thread_name", Phase: "M", Thread: 0, Args: map[string]any{"name": "backward"}},
		{Name: "thread_name", Phase: "M", Thread: 1, Args: map[string]any{"name": "sums of gradients"}}}
	if len(spans) == 0 {
		return all
	}
	began := spans[0].Began
	micro := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	for _, s := range spans {
		e := event{Name: s.Name, Phase: "X", Time: micro(s.Began.Sub(began)), Duration: micro(s.Ended.Sub(s.Began))}
		if s.Bytes > 0 {
			e.Thread, e.Args = 1, map[string]any{"bytes": s.Bytes}
		}
		all = append(all, e)
	}
	return all
}

// report writes the file, prints what backward passes hide, and adds it to a result.
func (t *tracer) report(r result) error {
	sums, hidden := train.Hidden(t.spans)
	if t.steps == 0 || sums == 0 {
		return fmt.Errorf("-trace %s: there were no sums of gradients: start several ranks, by mpirun -n 2", t.file)
	}
	r["sums_ms"], r["hidden"] = round(1e3*sums/float64(t.steps)), round(hidden/sums)
	fmt.Fprintf(os.Stderr, "sums of gradients: %.1f ms a step on rank 0, %.0f%% of it beside the backward pass\n", 1e3*sums/float64(t.steps), 100*hidden/sums)
	if t.file == "" {
		return nil
	}
	text, err := json.Marshal(map[string]any{"displayTimeUnit": "ms", "traceEvents": events(t.spans)})
	if err != nil {
		return err
	}
	return os.WriteFile(t.file, text, 0o644)
}
