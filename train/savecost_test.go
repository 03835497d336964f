package train

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// BenchmarkSave saves a run of ResNet-32 by Hybrid-SC after 199 epochs, as it is saved after each.
func BenchmarkSave(b *testing.B) {
	for _, c := range []struct {
		name  string
		decay float64
	}{{"plain", 0}, {"EMA", 0.999}} {
		b.Run(c.name, func(b *testing.B) {
			trainSet, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 10, Size: 32, PerClass: 60, TestPerClass: 1})
			require.NoError(b, err)
			body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{})
			require.NoError(b, err)
			n, err := hybrid.NewNetwork(body, 10)
			require.NoError(b, err)
			r, err := Trainer{Streams: hybrid.SC(0.1), EMA: EMA{Decay: c.decay}, Checkpoints: Checkpoints{Dir: b.TempDir()}}.start(b.Context(), n, trainSet, test)
			require.NoError(b, err)
			for _, e := range r.params { // as after a step
				e.Param.Grad = tensor.New(e.Param.Value.Shape()...)
			}
			figures := &metrics.Report{PerClass: make([]metrics.Rate, 10)}
			for epoch := range 199 {
				r.result.Epochs = append(r.result.Epochs, EpochReport{Epoch: epoch, Losses: make([]LossReport, 2), Test: figures, EMA: figures})
			}
			score := 0.5
			for b.Loop() {
				r.at.Epoch++
				require.NoError(b, r.save(&score))
			}
			b.ReportMetric(float64(bytesIn(b, r.result.Checkpoint)), "B/checkpoint")
		})
	}
}

// A checkpoint of ResNet-32 with the state of SGD is small.
func TestACheckpointOfResNet32IsSmall(t *testing.T) {
	trainSet, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 10, Size: 32, PerClass: 1, TestPerClass: 1})
	require.NoError(t, err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, 10)
	require.NoError(t, err)
	for decay, most := range map[float64]int64{0: 4_100_000, 0.999: 6_000_000} {
		r, err := Trainer{Streams: hybrid.SC(0.1), EMA: EMA{Decay: decay}, Checkpoints: Checkpoints{Dir: t.TempDir()}}.start(t.Context(), n, trainSet, test)
		require.NoError(t, err)
		require.NoError(t, r.save(nil))
		require.Less(t, bytesIn(t, r.result.Checkpoint), most, "decay %v", decay)
	}
}

func bytesIn(t testing.TB, dir string) (n int64) {
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, path := range all {
		stat, err := os.Stat(path)
		require.NoError(t, err)
		n += stat.Size()
	}
	return n
}
