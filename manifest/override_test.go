package manifest_test

import (
	"testing"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/stretchr/testify/require"
)

func TestOverride(t *testing.T) {
	of := func(names ...string) (all []manifest.Difference) {
		for _, n := range names {
			all = append(all, manifest.Difference{Field: n, A: "1", B: "2"})
		}
		return all
	}
	epochs := of("training.epochs", "training.learning_rate", "training.streams[1].terms[0].weight", "training.streams[0].partner")
	for _, c := range []struct {
		override         manifest.Override
		all              []manifest.Difference
		allowed, refused int
		would            string
	}{
		{manifest.Override{}, nil, 0, 0, ""},
		{manifest.Override{}, epochs, 0, 4, "Override.Epochs would let it go on, not bit for bit from there"},
		{manifest.Override{Epochs: true}, epochs, 4, 0, ""},
		{manifest.Override{Epochs: true}, epochs[1:], 0, 3, ""}, // another schedule for as many epochs
		{manifest.Override{Epochs: true}, append(of("training.batch"), epochs...), 4, 1, ""},
		{manifest.Override{Epochs: true}, of("training.epochs", "training.streams[0].sampler", "training.streams[0].terms[0].settings.Weight"), 1, 2, ""},
		{manifest.Override{}, of(manifest.Processor), 0, 1, "Override.CPULevel would let it go on, not bit for bit from there"},
		{manifest.Override{CPULevel: true}, of(manifest.Processor), 1, 0, ""},
		{manifest.Override{CPULevel: true}, of(manifest.Processor, "training.eval_batch"), 1, 1, "Override.CPULevel and Override.EvalBatch would let it go on, not bit for bit from there"},
		{manifest.Override{EvalBatch: true}, of("training.eval_batch"), 1, 0, ""},
		{manifest.Override{Epochs: true, CPULevel: true, EvalBatch: true}, of("data.train_content"), 0, 1, ""},
		{manifest.Override{}, of("training.ranks"), 1, 0, ""},
		{manifest.Override{}, of("training.ranks", "training.batch"), 1, 1, ""},
		{manifest.Override{}, of("training.sync_batch_norm"), 0, 1, ""},
		{manifest.Override{}, []manifest.Difference{{Field: "training.ranks", A: "2", B: "0"}, {Field: "training.sync_batch_norm", A: "true", B: "false"}}, 2, 0, ""},
	} {
		allowed, refused, would := c.override.Split(c.all)
		require.Len(t, allowed, c.allowed, "%v", c.all)
		require.Len(t, refused, c.refused, "%v", c.all)
		if c.would == "" {
			require.Nil(t, would)
			continue
		}
		require.EqualError(t, would, c.would)
		_, refused, _ = would.Override.Split(c.all)
		require.Empty(t, refused, "it does what it says")
	}
}
