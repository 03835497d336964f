package experiment

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPredictionsAsJSON(t *testing.T) {
	var p Predictions
	random := rand.New(rand.NewPCG(1, 1))
	for range 10000 {
		y := random.IntN(10)
		p.Labels = append(p.Labels, y)
		if random.Float64() < 0.3 {
			y = random.IntN(10)
		}
		p.Predicted = append(p.Predicted, y)
	}
	text, err := json.Marshal(&p)
	require.NoError(t, err)
	require.Less(t, len(text), 11000, "a byte an image, labels in any order")
	var back Predictions
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, p, back)

	wide := Predictions{[]int{0, 8141, 3}, []int{8141, 0, 3}, true}
	text, err = json.Marshal(&wide)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, wide, back)
	_, err = json.Marshal(&Predictions{[]int{1}, nil, false})
	require.ErrorContains(t, err, "0 predictions for 1 labels")
}

// What is damaged is an error, never a panic, and never a lot of memory.
func TestDamagedPredictions(t *testing.T) {
	good := packed{3, deflate([]byte{0, 2, 4}), deflate([]byte{0, 0, 1}), false} // zigzag: 0 1 2, and 0 0 −1
	read := func(p packed) error {
		text, err := json.Marshal(p)
		require.NoError(t, err)
		return json.Unmarshal(text, &Predictions{})
	}
	require.NoError(t, read(good))
	for _, c := range []struct {
		change func(p *packed)
		want   string
	}{
		{func(p *packed) { p.Images = 4 }, "the 4 images"},
		{func(p *packed) { p.Images = 2 }, "the 2 images"},
		{func(p *packed) { p.Images = 0 }, "of 0 images"},
		{func(p *packed) { p.Images = 1 << 30 }, "images"},
		{func(p *packed) { p.Labels = p.Labels[:2] }, "damaged"},
		{func(p *packed) { p.Predicted = deflate([]byte{1, 0, 0}) }, "image 0 has label 0 and prediction -1"},
		{func(p *packed) { p.Labels = deflate([]byte{1, 0, 0}) }, "image 0 has label -1"},
		{func(p *packed) { p.Labels = deflate([]byte{0, 0, 0x80}) }, "ends early"},
		{func(p *packed) { p.Labels = deflate(make([]byte, 1<<24)) }, "the 3 images"},
	} {
		p := good
		c.change(&p)
		require.ErrorContains(t, read(p), c.want)
	}
	require.Error(t, json.Unmarshal([]byte(`{"images": "x"}`), &Predictions{}))
}
