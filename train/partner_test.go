package train_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// twoPixels is a backbone of two branches: one gives the pixel, the other 1000 times the pixel.
type twoPixels struct{ pixel }

func (twoPixels) Branches() int { return 2 }
func (twoPixels) OutDim() int   { return 2 }
func (p twoPixels) Branch(i int, x *autograd.Var) *autograd.Var {
	return autograd.Scale(p.pixel.Forward(x), []float64{1, 1000}[i])
}
func (p twoPixels) Forward(x *autograd.Var) *autograd.Var {
	return autograd.Scale(autograd.Columns(p.Branch(0, x), p.Branch(1, x)), 0.5)
}

// backwards draws the images from the last to the first.
type backwards struct{}

func (backwards) Epoch(labels []int, _ sampler.Plan) (order []int, err error) {
	for i := range labels {
		order = append(order, len(labels)-1-i)
	}
	return order, nil
}

type drawn func(n int) ([]int, error)

func (d drawn) Epoch(labels []int, _ sampler.Plan) ([]int, error) { return d(len(labels)) }

// branched is a network whose logits are the two features of twoPixels.
func branched(t *testing.T) *hybrid.Network {
	eye, err := tensor.FromSlice([]float32{1, 0, 0, 1}, 2, 2)
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(twoPixels{}, 2, hybrid.WithInput(1, 1, 1), hybrid.WithClassifier(&nn.Linear{Weight: autograd.NewParam(eye)}),
		hybrid.WithNormalize(augment.Normalize{Mean: []float64{0}, Std: []float64{1. / 255}}), hybrid.WithoutProjection())
	require.NoError(t, err)
	return n
}

// Each row is a sample by the first branch and its partner by the second, in proportion, with the labels of both.
func TestPartnersAreMixed(t *testing.T) {
	_, d := pixels(t, 6)
	n, epoch := branched(t), 0
	s := ordered()
	s.Partner = &hybrid.Partner{Sampler: backwards{}, Weight: schedule.MultiStep{Base: 0.75, Milestones: []int{1}, Gamma: 1. / 3}}
	s.Views = []augment.Transform{view(0), view(1), view(2)}
	s.Terms = []hybrid.Term{{Name: "spy", Views: []int{2, 0}, Loss: spy{loss.Needs{Logits: true}, func(in loss.Input) {
		a := []float32{0.75, 0.25}[epoch]
		require.Equal(t, []int{0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1}, in.Labels)
		require.Equal(t, []int{1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0}, in.Mix.Labels)
		for r := range 12 {
			i, v := r%6, []float32{2, 0}[r/6]
			require.InDelta(t, a*(float32(10*i)+v), in.Logits.Data()[2*r], 1e-4)
			require.InDelta(t, (1-a)*1000*(float32(10*(5-i))+v), in.Logits.Data()[2*r+1], 0.1)
			require.InDelta(t, a, in.Mix.Weight[r], 1e-7)
		}
	}}}}
	other := ordered(ce()) // a stream without partners takes both branches
	other.Terms[0] = hybrid.Term{Name: "both", Loss: spy{loss.Needs{Logits: true}, func(in loss.Input) {
		require.Nil(t, in.Mix)
		require.InDelta(t, 15, in.Logits.Data()[6], 1e-4)
		require.InDelta(t, 15000, in.Logits.Data()[7], 0.1)
	}}}
	r := fit(t, train.Trainer{Streams: []hybrid.Stream{other, s}, Epochs: 2, Batch: 6, LearningRate: schedule.Constant(0),
		OnEpoch: func(train.EpochReport) error { epoch++; return nil }}, n, d, nil)
	require.Equal(t, 2*(6+2*2*6), r.Images, "two views of samples and partners pass")
}

// Cross-entropy of a mixed row is the mixture of the cross-entropies, and all of a network with two branches learns.
func TestPartnersTrain(t *testing.T) {
	trainSet, test := generated(t, 9)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Branches: 2})
	require.NoError(t, err)
	n := newNetwork(t, body, hybrid.WithoutProjection())
	before := state(n, nil)
	tr := short()
	tr.Streams = hybrid.CE()
	tr.Streams[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}, Weight: schedule.Constant(0.3)}
	tr.Epochs = 6
	r := fit(t, tr, n, trainSet, test)
	require.Less(t, r.Epochs[5].Losses[0].Value, r.Epochs[0].Losses[0].Value)
	for path, values := range state(n, nil) {
		require.NotEqual(t, before[path], values, path)
	}
}

// With a blender a partner's image is blended in before the backbone, view by view, but for a share of the batches.
func TestPartnersOfImages(t *testing.T) {
	n, d := pixels(t, 6)
	s, seen := ordered(), map[float32]int{}
	s.Partner = &hybrid.Partner{Sampler: backwards{}, Blender: augment.Mixup{Alpha: 1},
		Weight: schedule.MultiStep{Base: 1, Milestones: []int{1, 2}, Gamma: 0.5}}
	s.Views = []augment.Transform{view(0), view(1)}
	epoch := 0
	s.Terms = []hybrid.Term{{Name: "spy", Loss: spy{loss.Needs{Logits: true}, func(in loss.Input) {
		for r, y := range in.Labels {
			i, v, own := r%6, float32(r/6), float32(1)
			require.Equal(t, []int{0, 1, 1, 0, 1, 1}[i], y)
			if in.Mix != nil {
				own = in.Mix.Weight[r]
				require.Equal(t, []int{1, 1, 0, 1, 1, 0}[i], in.Mix.Labels[r])
				require.Equal(t, in.Mix.Weight[r/6*6], own, "one weight a view")
			}
			require.InDelta(t, own*(float32(10*i)+v)+(1-own)*(float32(10*(5-i))+v), in.Logits.Data()[r*in.Logits.Dim(1)], 1e-3)
			seen[own]++
		}
		if epoch == 0 {
			require.Nil(t, in.Mix, "α is 1")
		}
	}}}}
	other := ordered(ce())
	r := fit(t, train.Trainer{Streams: []hybrid.Stream{s, other}, Epochs: 20, Batch: 6, LearningRate: schedule.Constant(0),
		OnEpoch: func(train.EpochReport) error { epoch++; return nil }}, n, d, nil)
	require.Equal(t, 20*(2*6+6), r.Images, "partners do not pass")
	require.Greater(t, len(seen), 20)
	require.Greater(t, seen[1], 12, "others than those of the first epoch stay whole too")
}

func TestPartnersSayWhatIsWrong(t *testing.T) {
	trainSet, _ := generated(t, 9)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Branches: 2})
	require.NoError(t, err)
	three, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Branches: 3})
	require.NoError(t, err)
	queue, err := loss.NewQueue(8, 8)
	require.NoError(t, err)
	const branches = "Partner needs a backbone of two branches, such as a backbone.CIFARResNet with CIFARResNetSettings.Branches 2"
	for _, c := range []struct {
		want   string
		body   backbone.Backbone
		change func(*hybrid.Stream)
	}{
		{branches, newMLP(t, 192, 4), nil},
		{branches, three, nil},
		{"Partner.Sampler is nil: BBN uses sampler.Reversed{}", body, func(s *hybrid.Stream) { s.Partner.Sampler = nil }},
		{"Partner and Mixer are both set: a row can be mixed once", body, func(s *hybrid.Stream) {
			s.Mixer = hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}
		}},
		{"Partner and KeyViews are both set: a key is of one image", body, func(s *hybrid.Stream) {
			s.Terms = []hybrid.Term{{Name: "kcl", Loss: &loss.KCL{Queue: queue, Temperature: 0.1}, KeyViews: []int{0}}}
		}},
	} {
		tr := short()
		s := hybrid.CE()
		s[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}}
		if c.change != nil {
			c.change(&s[0])
		}
		tr.Streams = s
		_, err := tr.Fit(context.Background(), newNetwork(t, c.body), trainSet, nil)
		require.EqualError(t, err, "train: stream 0 (classifier): "+c.want)
	}
	for want, p := range map[string]*hybrid.Partner{
		"train: stream 0 (classifier): Partner.Blender: augment: CutMix.P is 2":                                            {Sampler: sampler.Reversed{}, Blender: augment.CutMix{Alpha: 1, P: 2}},
		"train: stream 0 (classifier): the weight of Partner is 2: its schedule must stay in [0, 1]; it is not in epoch 0": {Sampler: sampler.Reversed{}, Weight: schedule.Constant(2)},
		"stream 0 (classifier): the weight of Partner is 1.1: its schedule must stay in [0, 1]; it is not in epoch 1": {
			Sampler: sampler.Reversed{}, Weight: schedule.MultiStep{Base: 0.11, Milestones: []int{1}, Gamma: 10}},
		"train: stream 0: Partner: no images today":                 {Sampler: drawn(func(int) ([]int, error) { return nil, errors.New("no images today") })},
		"train: stream 0: Partner: the sampler drew image 36 of 36": {Sampler: drawn(func(n int) ([]int, error) { return slices.Repeat([]int{n}, n), nil })},
	} {
		tr := short()
		tr.Streams = hybrid.CE()
		tr.Streams[0].Partner, tr.Epochs = p, 2
		_, err := tr.Fit(context.Background(), newNetwork(t, body), trainSet, nil)
		require.ErrorContains(t, err, want)
	}
}

// A loss that cannot be mixed says so in the first step, where α is 1 and rows are not yet mixed.
func TestContrastRefusesPartners(t *testing.T) {
	trainSet, _ := generated(t, 9)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Branches: 2})
	require.NoError(t, err)
	s := hybrid.SC(0.1)[:1]
	s[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}}
	_, err = train.Trainer{Streams: s, Epochs: 2, Batch: 8}.Fit(context.Background(), newNetwork(t, body), trainSet, nil)
	require.ErrorContains(t, err, "stopped in epoch 0 at step 0: loss.SupervisedContrastive: has no form for mixed samples")
}

// Partners of the same sampler are other images, with randomness of their own, and belong to what a run goes on with.
func TestPartnersDrawTheirOwnImages(t *testing.T) {
	trainSet, _ := generated(t, 9)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Branches: 2})
	require.NoError(t, err)
	var drawn []float64 // by the one goroutine of a batch
	var mu sync.Mutex
	s := hybrid.CE()
	s[0].Views = []augment.Transform{random(func(rng *rand.Rand) {
		mu.Lock()
		defer mu.Unlock()
		drawn = append(drawn, rng.Float64())
	})}
	s[0].Sampler, s[0].Partner = sampler.Instance{}, &hybrid.Partner{Sampler: sampler.Instance{}}
	same, rows := 0, 0
	s[0].Terms[0].Loss = spy{loss.Needs{Logits: true}, func(in loss.Input) {
		for i, y := range in.Labels {
			rows++
			if in.Mix.Labels[i] == y {
				same++
			}
		}
	}}
	tr := train.Trainer{Streams: s, Epochs: 1, Batch: 36, LearningRate: schedule.Constant(0)}
	fit(t, tr, newNetwork(t, body), trainSet, nil)
	require.Equal(t, 36, rows)
	require.Less(t, same, 24, "of 36 rows about 9 have a partner of their class")
	slices.Sort(drawn)
	require.Len(t, slices.Compact(drawn), 72, "no two images have the same randomness")
}

// A partner's sampler that draws anew is found when a run goes on.
func TestPartnersAreCheckedWhenARunGoesOn(t *testing.T) {
	trainSet, _ := generated(t, 9)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Branches: 2})
	require.NoError(t, err)
	calls := 0
	s := hybrid.CE()
	s[0].Partner = &hybrid.Partner{Sampler: drawn(func(n int) ([]int, error) {
		calls++
		return slices.Repeat([]int{calls}, n), nil
	})}
	ctx, cancel := context.WithCancel(context.Background())
	tr := train.Trainer{Streams: s, Epochs: 2, Batch: 9, Checkpoints: train.Checkpoints{Dir: t.TempDir(), Resume: true}}
	tr.OnStep = func(r train.StepReport) error {
		if r.At.Step == 1 {
			cancel()
		}
		return nil
	}
	_, err = tr.Fit(ctx, newNetwork(t, body), trainSet, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = tr.Fit(context.Background(), newNetwork(t, body), trainSet, nil)
	require.ErrorContains(t, err, "the samplers draw other images in epoch 0 than they did")
}

// random is a transform that only draws.
type random func(rng *rand.Rand)

func (r random) Apply(_ *dataset.Image, rng *rand.Rand) { r(rng) }
