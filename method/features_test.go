package method_test

import (
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func clouds(t testing.TB, seed uint64, counts ...int) *features.Set {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	var rows [][]float32
	var labels []int
	for class, n := range counts {
		for range n {
			row := make([]float32, 8)
			for k := range row {
				row[k] = float32(rng.NormFloat64())
			}
			row[class] += 4
			rows, labels = append(rows, row), append(labels, class)
		}
	}
	set, err := features.FromRows(rows, labels, nil)
	require.NoError(t, err)
	return set
}

// Every method but BBN learns from features, with an MLP and with a linear head, as far as that is trained.
func TestEveryMethodTrainsOnFeatures(t *testing.T) {
	all, test := clouds(t, 1, 100, 60, 40, 20), clouds(t, 2, 20, 20, 20, 20)
	trainSet, held, err := dataset.Holdout(all, dataset.HoldoutSettings{Fraction: 0.2})
	require.NoError(t, err)
	for _, m := range append(method.All(), method.Variants()...) {
		t.Run(m.Name, func(t *testing.T) {
			for _, widths := range [][]int{{8, 16}, {8}} {
				body, err := backbone.NewMLP(backbone.MLPSettings{Widths: widths, Seed: 1})
				require.NoError(t, err)
				s := method.Setup{Counts: dataset.Counts(trainSet), Features: 8, Dim: 6, Seed: 3}
				n, streams, err := m.New(body, s)
				if m.Branches > 0 {
					require.ErrorContains(t, err, "features")
					require.ErrorContains(t, err, m.Name)
					return
				}
				require.NoError(t, err)
				another, err := backbone.NewMLP(backbone.MLPSettings{Widths: widths, Seed: 2})
				require.NoError(t, err)
				streams = taught(t, m, s, streams, trainSet, another)
				tr := train.Trainer{Streams: streams, Epochs: 15, Batch: 16, Seed: 1, ClipNorm: 1, LearningRate: schedule.Constant(0.05)}
				_, err = tr.Fit(t.Context(), n, trainSet, nil)
				require.NoError(t, err)
				require.NoError(t, m.Finish(t.Context(), n, method.Stage{Train: trainSet, Held: held, Retrain: posthoc.Retrain{Batch: 16}}))
				c, err := n.Evaluate(t.Context(), test, 0)
				require.NoError(t, err)
				require.Greater(t, float64(c.Top1()), 0.7, "widths %v", widths)
			}
		})
	}
}
