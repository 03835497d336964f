package train_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// trained returns all state after two epochs of three steps on a long enough batch for kernels to split it.
func trained(t *testing.T, method string, seed uint64, opts ...hybrid.Option) map[string][]float32 {
	n := resNet(t, 3, opts...)
	return trainedOn(t, n, methods[method](), seed)
}

func trainedOn(t *testing.T, n *hybrid.Network, streams []hybrid.Stream, seed uint64) map[string][]float32 {
	trainSet, test := generated(t, 27)
	fit(t, train.Trainer{Streams: streams, Epochs: 2, Batch: 36, LearningRate: schedule.Constant(0.1), Seed: seed, ClipNorm: 5}, n, trainSet, test)
	return state(n, streams)
}

func TestSameSeedGivesSameWeightsWhateverGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	same := func(name, method string, opts ...hybrid.Option) {
		t.Run(name, func(t *testing.T) {
			runtime.GOMAXPROCS(1)
			want := trained(t, method, 5, opts...)
			require.Contains(t, want, "backbone.layer3.0.bn2.running_var")
			require.Equal(t, method == "PSC", want["losses.psc.prototypes.weight"] != nil)
			for _, procs := range []int{2, 3, 7} {
				runtime.GOMAXPROCS(procs)
				require.Equal(t, want, trained(t, method, 5, opts...), "GOMAXPROCS %d", procs)
			}
		})
	}
	for method := range methods {
		same(method, method)
	}
	same("SC in separate passes", "SC", hybrid.WithSeparatePasses())
}

func TestPartnersGiveTheSameWeightsWhateverGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	run := func(procs int) map[string][]float32 {
		runtime.GOMAXPROCS(procs)
		body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 3, Branches: 2})
		require.NoError(t, err)
		streams := hybrid.CE()
		streams[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}}
		return trainedOn(t, newNetwork(t, body, hybrid.WithSeed(3)), streams, 5)
	}
	want := run(1)
	require.Contains(t, want, "backbone.branch2.bn2.running_var")
	for _, procs := range []int{2, 3, 7} {
		require.Equal(t, want, run(procs), "GOMAXPROCS %d", procs)
	}
}

func TestAnotherSeedGivesOtherWeights(t *testing.T) {
	for method := range methods {
		one, other := trained(t, method, 5), trained(t, method, 6)
		for path := range one {
			if strings.HasPrefix(path, "projection.") && strings.HasPrefix(method, "CE") {
				require.Equal(t, one[path], other[path], "%s does not train %s", method, path)
				continue
			}
			require.NotEqual(t, one[path], other[path], "%s: %s", method, path)
		}
	}
}

// Neither augmentation nor the order of samples may be the same for two streams of one sampler.
func TestStreamsDrawTheirOwnImages(t *testing.T) {
	trainSet, _ := generated(t, 20)
	var seen [2][]int
	var streams []hybrid.Stream
	for i := range seen {
		s := hybrid.CE()[0]
		s.Terms = []hybrid.Term{{Name: string(rune('a' + i)), Loss: spy{needs: s.Terms[0].Loss.Needs(), see: look(&seen[i])}}}
		s.Views = []augment.Transform{augment.Identity{}}
		streams = append(streams, s)
	}
	fit(t, train.Trainer{Streams: streams, Epochs: 2, Batch: 8}, mlp(t), trainSet, nil)
	require.Len(t, seen[0], 160)
	require.NotEqual(t, seen[0], seen[1])
	require.NotEqual(t, seen[0][:80], seen[0][80:], "epochs have orders of their own")
}

// A second Fit of the same trainer starts anew: it holds no state.
func TestTrainerIsUsedAgain(t *testing.T) {
	trainSet, test := generated(t, 10)
	trainer := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 8, LearningRate: schedule.Constant(0.05)}
	a, b := mlp(t), mlp(t)
	fit(t, trainer, a, trainSet, test)
	fit(t, trainer, b, trainSet, test)
	require.Equal(t, state(a, nil), state(b, nil))
}
