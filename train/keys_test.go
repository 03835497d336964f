package train_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var keyed = loss.Needs{Embedding: true, Logits: true, Keys: true}

// Whatever views terms and keys are of, each sees its rows, and views for keys alone are not among the network's.
func TestKeysAreOfTheirViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const samples, views, batch = 6, 4, 3
		some := rapid.SliceOfNDistinct(rapid.IntRange(0, views-1), 1, views, rapid.ID)
		separate := rapid.Bool().Draw(t, "separate")
		n, d := pixels(t, samples)
		if separate {
			var err error
			n, err = hybrid.NewNetwork(n.Backbone, 2, hybrid.WithInput(1, 1, 1), hybrid.WithClassifier(n.Classifier), hybrid.WithSeparatePasses(),
				hybrid.WithNormalize(augment.Normalize{Mean: []float64{0}, Std: []float64{1. / 255}}), hybrid.WithProjectionModule(n.Projection))
			require.NoError(t, err)
		}
		streams := make([]hybrid.Stream, 2)
		want, step := 0, 0
		for i := range streams {
			chosen, keys := [][]int{some.Draw(t, "first"), some.Draw(t, "second")}, some.Draw(t, "keys")
			streams[i] = ordered()
			for v := range views {
				streams[i].Views = append(streams[i].Views, view(v))
			}
			for k, c := range chosen {
				term := hybrid.Term{Name: string(rune('a' + 2*i + k)), Views: c}
				look := spy{needs: loss.Needs{Logits: true}}
				if k == 1 {
					look.needs, term.KeyViews = keyed, keys
				}
				look.see = func(in loss.Input) {
					require.Equal(t, rowsOf(c, step, batch), seen(in.Logits))
					require.Len(t, in.Labels, len(c)*batch)
					require.Equal(t, len(c), in.Views)
					if k == 0 {
						require.Nil(t, in.Keys)
						return
					}
					require.Equal(t, tensor.Shape{len(keys) * batch, 3}, in.Keys.Shape())
					for row, p := range rowsOf(keys, step, batch) {
						require.InDeltaSlice(t, embeddingOf(n, p), in.Keys.Rows(row, row+1).Data(), 1e-5)
					}
				}
				term.Loss = look
				streams[i].Terms = append(streams[i].Terms, term)
			}
			of := slices.Concat(chosen...)
			slices.Sort(of)
			want += batch * (len(slices.Compact(of)) + len(keys))
		}
		fit(t, train.Trainer{Streams: streams, Epochs: 1, Batch: batch, LearningRate: schedule.Constant(0),
			OnStep: func(s train.StepReport) error { step++; require.Equal(t, want, s.Images); return nil }}, n, d, nil)
		require.Equal(t, 2, step)
	})
}

func rowsOf(views []int, step, batch int) (p []int) {
	for _, v := range views {
		for i := step * batch; i < (step+1)*batch; i++ {
			p = append(p, 10*i+v)
		}
	}
	return p
}

func embeddingOf(n *hybrid.Network, pixel int) []float32 {
	x := tensor.New(1, 1, 1, 1)
	x.Data()[0] = float32(pixel)
	return n.Embed(n.Features(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x))).Data()
}

// Keys are embeddings by the moving average of the weights, the network's before the first step.
func TestKeysFollowTheNetworkSlowly(t *testing.T) {
	trainSet, _ := generated(t, 9)
	for setting, decay := range map[float64]float64{0: 0.999, 0.5: 0.5} {
		n := mlp(t)
		weights, step := autograd.Snapshot(nn.Tensors(n)...), 0
		look := spy{loss.Needs{Embedding: true, Keys: true}, func(in loss.Input) {
			if step > 0 { // the network has moved
				for _, x := range nn.Tensors(n) {
					for i, v := range x.Data() {
						w := weights.Of(x).Data()
						w[i] += float32((1 - decay) * float64(v-w[i]))
					}
				}
				require.NotEqual(t, in.Embedding.Data(), in.Keys.Data())
			}
			p, err := n.FreezeWith(weights)
			require.NoError(t, err)
			var images []*dataset.Image
			for i := range 4 {
				images = append(images, image(t, trainSet, 4*step+i))
			}
			want, err := p.Embed(images...)
			require.NoError(t, err)
			require.InDeltaSlice(t, want.Data(), in.Keys.Data(), 1e-5)
			step++
		}}
		tr := short()
		tr.KeyDecay, tr.LearningRate = setting, schedule.Constant(5)
		tr.Streams = []hybrid.Stream{ordered(hybrid.Term{Loss: look, KeyViews: []int{0}})}
		fit(t, tr, n, trainSet, nil)
		require.Equal(t, 9, step)
	}
}

// The momentum encoder must not move the running statistics of the network, nor give gradients.
func TestKeysLeaveTheNetworkAlone(t *testing.T) {
	trainSet, _ := generated(t, 9)
	run := func(keys bool) map[string][]float32 {
		n := resNet(t, 1)
		s := hybrid.Stream{Sampler: inOrder{}, Terms: []hybrid.Term{{Name: "ce", Loss: &loss.CrossEntropy{}, Views: []int{0}}},
			Views: []augment.Transform{augment.Identity{}, augment.Grayscale{P: 1}}}
		if keys {
			s.Terms = append(s.Terms, hybrid.Term{Name: "spy", Loss: spy{keyed, func(loss.Input) {}}, Views: []int{0}, KeyViews: []int{1},
				Weight: schedule.Constant(0)})
		}
		tr := short()
		tr.Streams = []hybrid.Stream{s}
		fit(t, tr, n, trainSet, nil)
		return state(n, nil)
	}
	require.Equal(t, run(false), run(true))
}

func TestKeysSayWhatIsWrong(t *testing.T) {
	trainSet, _ := generated(t, 9)
	try := func(n *hybrid.Network, term hybrid.Term, decay float64) error {
		tr := short()
		tr.Streams, tr.KeyDecay = []hybrid.Stream{ordered(term)}, decay
		_, err := tr.Fit(context.Background(), n, trainSet, nil)
		return err
	}
	kcl := &loss.KCL{Queue: queue(t, mlp(t)), Temperature: 0.1}
	require.EqualError(t, try(mlp(t), hybrid.Term{Name: "kcl", Loss: kcl}, 0), `train: stream 0: term "kcl": the loss needs keys, embeddings `+
		`by a momentum encoder: set KeyViews to the views they are made of, or a field of the loss such as WithoutMomentum to do without`)
	require.EqualError(t, try(mlp(t), hybrid.Term{Name: "ce", Loss: &loss.CrossEntropy{}, KeyViews: []int{0}}, 0),
		`train: stream 0: term "ce": KeyViews is set, but the loss takes no keys: leave it nil`)
	require.EqualError(t, try(mlp(t), hybrid.Term{Name: "kcl", Loss: kcl, KeyViews: []int{1}}, 0),
		`train: stream 0: term "kcl": view 1 is not one of the stream's 1`)
	for _, decay := range []float64{-1, 1, math.NaN()} {
		require.ErrorContains(t, try(mlp(t), ce(), decay), "must be above 0 and below 1, or 0 for 0.999")
	}
	require.ErrorContains(t, try(mlp(t, hybrid.WithoutProjection()), hybrid.Term{Name: "spy", Loss: spy{loss.Needs{Logits: true, Keys: true}, nil},
		KeyViews: []int{0}}, 0), "without a projection head")
}
