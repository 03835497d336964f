package method_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Every method's network, trained and with its final classifier, is built again from its file alone, and so is that of
// its checkpoint.
func TestEveryMethodsNetworkIsBuiltFromItsFile(t *testing.T) {
	trainSet, held, _ := data(t)
	x := tensor.New(trainSet.Len(), size, size, 3)
	for i := range x.Data() {
		x.Data()[i] = float32(i%23)/11 - 1
	}
	outputs := func(n *hybrid.Network) [2][]float32 {
		f := n.Features(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x))
		both := [2][]float32{n.Logits(f).Value().Data()}
		if n.Projection != nil {
			both[1] = n.Embed(f).Value().Data()
		}
		return both
	}
	for _, m := range append(method.All(), method.Variants()...) {
		t.Run(m.Name, func(t *testing.T) {
			n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
			require.NoError(t, err)
			streams = taught(t, m, setup(trainSet), streams, trainSet, bodyOf(t, m))
			tr := train.Trainer{Streams: streams.Augment(augment.Flip{P: 0.5}), Epochs: 1, Batch: 16, LimitSteps: 2, Seed: 1, ClipNorm: 1,
				LearningRate: schedule.Constant(0.05), Checkpoints: train.Checkpoints{Dir: t.TempDir()}}
			r, err := tr.Fit(context.Background(), n, trainSet, nil)
			require.NoError(t, err)
			saved, about, err := hybrid.Open(r.Checkpoint)
			require.NoError(t, err)
			require.Equal(t, outputs(n), outputs(saved))
			require.Equal(t, trainSet.Classes(), about.Classes)

			require.NoError(t, m.Finish(context.Background(), n, method.Stage{Train: trainSet, Held: held, Retrain: posthoc.Retrain{Batch: 8}}))
			path := filepath.Join(t.TempDir(), "model.safetensors")
			about = hybrid.AboutOf(trainSet)
			about.Method = m.Name
			require.NoError(t, hybrid.Save(path, n, about))
			opened, got, err := hybrid.Open(path)
			require.NoError(t, err)
			require.Equal(t, outputs(n), outputs(opened))
			require.Equal(t, m.Name, got.Method)
			require.Equal(t, about.Counts, got.Counts)
		})
	}
}
