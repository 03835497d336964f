package train_test

import (
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// requireLearning trains for eight epochs and checks that every loss falls and that accuracy is far from the chance of
// 1/4. Gradients are clipped, since the first steps of a contrastive loss at a small temperature are long: they can put
// all embeddings in one place, which takes longer than this test to leave.
func requireLearning(t *testing.T, trainer train.Trainer, n *hybrid.Network) {
	t.Helper()
	if underRace() {
		t.Skip("a matter of arithmetic only")
	}
	trainSet, test := generated(t, 60)
	// A padding of 4, as CIFAR's, would leave little of 8×8 images.
	trainer.Streams = trainer.Streams.Augment(augment.Compose{augment.Crop{Padding: 1}, augment.Flip{P: 0.5}})
	trainer.Epochs, trainer.Batch, trainer.EvalEvery, trainer.ClipNorm = 8, 20, 8, 0.5
	if trainer.LearningRate == nil {
		trainer.LearningRate = schedule.Constant(0.05)
	}
	r := fit(t, trainer, n, trainSet, test)
	first, last := r.Epochs[0], r.Epochs[7]
	for i, l := range first.Losses {
		t.Logf("%s %.3f to %.3f, top-1 %v", l.Name, l.Value, last.Losses[i].Value, r.Last.Top1)
		require.Less(t, last.Losses[i].Value, l.Value-0.2, l.Name)
	}
	require.Greater(t, float64(r.Last.Top1), 0.5)
}

func TestEveryMethodLearns(t *testing.T) {
	for method, streams := range methods {
		t.Run(method, func(t *testing.T) {
			n := resNet(t, 2)
			requireLearning(t, train.Trainer{Streams: streams()}, n)
		})
	}
}

func TestSeparatePassesLearn(t *testing.T) {
	requireLearning(t, train.Trainer{Streams: hybrid.SC(0.1)}, resNet(t, 2, hybrid.WithSeparatePasses()))
}

func TestAdamLearns(t *testing.T) {
	requireLearning(t, train.Trainer{Streams: hybrid.SC(0.1), Optimizer: optim.Adam{}, LearningRate: schedule.Constant(0.005)}, resNet(t, 2))
}
