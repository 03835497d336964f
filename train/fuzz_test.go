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

// FuzzCompare compares any two texts: equal ones have no difference, and a difference is one from either side.
func FuzzCompare(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}],"type":"x"}`), []byte(`{"a":[1,2,{"b":0}],"type":"x"}`))
	f.Add([]byte(`{"a":1}`), []byte(`{"b":1}`))
	f.Add([]byte(`1e3`), []byte(`1000`))
	f.Add([]byte(nil), []byte(`null`))
	f.Add([]byte(`{"frozen":[]}`), []byte(`{"frozen":{}}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, text := range [][]byte{a, b} {
			if len(text) > 0 && !json.Valid(text) {
				return
			}
		}
		require.NoError(t, compare("", a, a))
		there, back := compare("x", a, b), compare("x", b, a)
		require.Equal(t, there == nil, back == nil)
	})
}

// A run saved when what is frozen was a list goes on, if nothing was.
func TestWhatIsFrozenWasOnceAList(t *testing.T) {
	empty, one := json.RawMessage(`{"frozen":{}}`), json.RawMessage(`{"frozen":{"bn1.bias":true}}`)
	require.NoError(t, compare("", json.RawMessage(`{"frozen":[]}`), empty))
	require.ErrorContains(t, compare("", json.RawMessage(`{"frozen":[]}`), one), "frozen.bn1.bias was null, now it is true")
	require.ErrorContains(t, compare("", json.RawMessage(`{"frozen":["bn1.bias"]}`), one), `frozen was ["bn1.bias"], now it is {"bn1.bias":true}`,
		"batch norm was not frozen then")
}

// A run of an earlier version goes on: settings that it had not yet are zero, and the CIFAR ResNet had another name.
func TestEarlierWords(t *testing.T) {
	now := json.RawMessage(`{"Patience":0,"Off":false,"Backbone":{"type":"*backbone.CIFARResNet"}}`)
	require.NoError(t, compare("", json.RawMessage(`{"Backbone":{"type":"*backbone.ResNet"}}`), now))
	require.ErrorContains(t, compare("", json.RawMessage(`{"Backbone":{"type":"*backbone.MLP"}}`), now), "Backbone.type was")
	require.ErrorContains(t, compare("", json.RawMessage(`{"Backbone":{"type":"*backbone.ResNet"}}`),
		json.RawMessage(`{"Patience":3,"Backbone":{"type":"*backbone.CIFARResNet"}}`)), "Patience was null, now it is 3")
}
