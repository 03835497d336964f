package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func TestTrace(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(100, 0).Add(time.Duration(ms) * time.Millisecond) }
	tr := tracer{file: filepath.Join(t.TempDir(), "trace.json")}
	for step := range tracedSteps + 3 {
		from := 100 * step
		tr.add(train.Span{Name: "backward", Began: at(from), Ended: at(from + 50)})
		tr.add(train.Span{Name: "sum", Began: at(from + 20), Ended: at(from + 40), Bytes: 4000})
		tr.add(train.Span{Name: "sum", Began: at(from + 40), Ended: at(from + 60), Bytes: 8})
	}
	r := result{}
	require.NoError(t, tr.report(r))
	require.Equal(t, result{"sums_ms": 40.0, "hidden": 0.75}, r)

	text, err := os.ReadFile(tr.file)
	require.NoError(t, err)
	var got struct{ TraceEvents []event }
	require.NoError(t, json.Unmarshal(text, &got))
	require.Len(t, got.TraceEvents, 2+3*tracedSteps)
	require.Equal(t, event{Name: "backward", Phase: "X", Duration: 50000}, got.TraceEvents[2])
	require.Equal(t, event{Name: "sum", Phase: "X", Time: 40000, Duration: 20000, Thread: 1, Args: map[string]any{"bytes": 8.0}}, got.TraceEvents[4])
	require.Equal(t, 100000.0, got.TraceEvents[5].Time, "the next step")

	require.ErrorContains(t, (&tracer{file: "x"}).report(r), "several ranks")
}

// Steps on ranks of this process are traced as those that mpirun starts.
func TestMeasuredStep(t *testing.T) {
	traces := make([]tracer, 2)
	require.NoError(t, distributed.Run(2, func(c distributed.Communicator) error {
		s := settings{net: "resnet32", trace: traces[c.Rank()].add}
		p := pieces{params: 466906, buffers: 2192, gathered: 100}
		_, err := measureStep(s, c, 1, p)
		return err
	}))
	for i := range traces {
		require.NoError(t, traces[i].report(result{}))
		sums, hidden := train.Hidden(traces[i].spans)
		require.Positive(t, hidden)
		require.Less(t, hidden, sums)
	}
}
