package train

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzState reads the state of a run from any text: what it accepts is written and read as the same.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"result":{"epochs":[{"epoch":0,"steps":2,"losses":[{"name":"ce","value":1.5,"weight":1,"anchors":8}],"loss":3,"test":{"top1":0.5,"many":null,"per_class":[1,null]}}],"images":16},"confusion":[[0,1,3],[2,2,4]],"epoch":{"steps":1,"loss":0.1},"averaged":3,"draws":"00","untouched":["a"]}`))
	f.Add([]byte(`{"confusion":[[0,0,9223372036854775807]]}`))
	f.Add([]byte(`{"result":null,"epoch":{"test":{"top1":2}}}`))
	f.Add([]byte(`{"skipped":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		const classes, images = 3, 20
		s, confusion, err := parseState(text, classes, images)
		if err != nil {
			return
		}
		total := 0
		for _, c := range cells(confusion) {
			total += c[2]
		}
		require.LessOrEqual(t, total, images)
		s.Confusion = cells(confusion)
		text, err = json.Marshal(s)
		require.NoError(t, err)
		again, same, err := parseState(text, classes, images)
		require.NoError(t, err)
		require.Equal(t, s.Confusion, cells(same))
		second, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(text), string(second))
	})
}

func TestNegativeCountsAreNoState(t *testing.T) {
	for _, text := range []string{`{"skipped":-1}`, `{"averaged":-1}`, `{"epoch":{"steps":-1}}`, `{"confusion":[[0,0,-1]]}`} {
		_, _, err := parseState([]byte(text), 3, 20)
		require.Error(t, err, text)
	}
	_, _, err := parseState([]byte(`{"skipped":0,"averaged":1,"epoch":{"steps":2},"confusion":[[0,0,1]]}`), 3, 20)
	require.NoError(t, err)
}
