package train_test

import (
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/stretchr/testify/require"
)

// A term that sees one of several mixed views is told of the rows that were blended into that one.
func TestATermIsToldTheMixOfItsViews(t *testing.T) {
	trainSet, _ := generated(t, 6)
	seen := func(views []int) (mix []loss.Mix) {
		tr := short()
		look := spy{loss.Needs{Logits: true}, func(in loss.Input) {
			mix = append(mix, loss.Mix{Labels: slices.Clone(in.Mix.Labels), Weight: slices.Clone(in.Mix.Weight)})
		}}
		tr.Streams[0] = hybrid.Stream{Sampler: inOrder{}, Views: []augment.Transform{augment.Identity{}, augment.Flip{P: 0.5}},
			Mixer: hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}, Terms: []hybrid.Term{{Name: "spy", Loss: look, Views: views}}}
		fit(t, tr, mlp(t), trainSet, nil)
		return mix
	}
	both, second := seen(nil), seen([]int{1})
	require.Len(t, second, len(both))
	for i, m := range both {
		n := len(m.Labels) / 2
		require.NotEqual(t, m.Weight[:n], m.Weight[n:])
		require.Equal(t, loss.Mix{Labels: m.Labels[n:], Weight: m.Weight[n:]}, second[i])
	}
}
