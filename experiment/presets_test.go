package experiment

import (
	"testing"

	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

func TestPresetsFitEveryMethod(t *testing.T) {
	for _, p := range Presets() {
		p.Settings.Data = "photos"
		require.NoError(t, p.Settings.Check(method.All()...), p.Name)
		require.Zero(t, p.Settings.Batch%p.Settings.Chunk)
		same, err := PresetByName(p.Name)
		require.NoError(t, err)
		require.Equal(t, p.Name, same.Name)
	}
	_, err := PresetByName("cifar")
	require.ErrorContains(t, err, "imagenet-lt")
}
