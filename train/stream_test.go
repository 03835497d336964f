package train_test

import (
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
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"pgregory.net/rapid"
)

// pixel is a backbone that gives the only byte of a 1×1 image as the feature.
type pixel struct{}

func (pixel) Forward(x *autograd.Var) *autograd.Var { return autograd.Reshape(x, x.Dim(0), 1) }
func (pixel) Visit(nn.Visitor)                      {}
func (pixel) OutDim() int                           { return 1 }

// pixels is a network whose two logits are the pixel and 0, and samples images of 10 times their index, of the classes
// 0 1 1 0 1 1 ….
func pixels(t require.TestingT, samples int) (*hybrid.Network, *dataset.Memory) {
	weight, err := tensor.FromSlice([]float32{1, 0}, 2, 1)
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(pixel{}, 2, hybrid.WithInput(1, 1, 1), hybrid.WithClassifier(&nn.Linear{Weight: autograd.NewParam(weight)}),
		hybrid.WithNormalize(augment.Normalize{Mean: []float64{0}, Std: []float64{1. / 255}}), hybrid.WithProjection(0, 3))
	require.NoError(t, err)
	d, err := dataset.NewMemory(dataset.Shape{Height: 1, Width: 1, Channels: 1}, []string{"a", "b"})
	require.NoError(t, err)
	for i := range samples {
		require.NoError(t, d.Append(min(i%3, 1), []uint8{uint8(10 * i)}))
	}
	return n, d
}

// view adds k to the pixel.
func view(k int) augment.Transform {
	return transform(func(m *dataset.Image) { m.Pix[0] += uint8(k) })
}

// seen are the pixels that a term sees.
func seen(logits *autograd.Var) []int {
	var p []int
	for r := range logits.Dim(0) {
		p = append(p, int(logits.Data()[2*r]+0.5))
	}
	return p
}

// Whatever views a term asks for, it sees their rows, view after view, each with its sample's label.
func TestTermsSeeTheirViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples, views := rapid.IntRange(2, 10).Draw(t, "samples"), rapid.IntRange(1, 5).Draw(t, "views")
		batch := rapid.IntRange(1, samples).Draw(t, "batch")
		chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, views-1), 1, views, rapid.ID).Draw(t, "chosen")
		n, d := pixels(t, samples)
		s := ordered()
		for v := range views {
			s.Views = append(s.Views, view(v))
		}
		step := 0
		look := func(want []int) spy {
			return spy{loss.Needs{Logits: true, Embedding: true}, func(in loss.Input) {
				var rows, labels []int
				for _, v := range want {
					for i := step * batch; i < (step+1)*batch; i++ {
						rows, labels = append(rows, 10*i+v), append(labels, min(i%3, 1))
					}
				}
				require.Equal(t, rows, seen(in.Logits))
				require.Equal(t, tensor.Shape{len(rows), 3}, in.Embedding.Shape())
				require.Equal(t, labels, in.Labels)
				require.Equal(t, len(want), in.Views)
				require.Nil(t, in.Mix)
				require.Equal(t, step, in.At.Step)
			}}
		}
		all := make([]int, views)
		for v := range all {
			all[v] = v
		}
		s.Terms = []hybrid.Term{{Name: "all", Loss: look(all)}, {Name: "chosen", Loss: look(chosen), Views: chosen}}
		fit(t, train.Trainer{Streams: []hybrid.Stream{s}, Epochs: 1, Batch: batch, LearningRate: schedule.Constant(0),
			OnStep: func(train.StepReport) error { step++; return nil }}, n, d, nil)
		require.Equal(t, samples/batch, step)
	})
}

func TestStreamWithoutViewsSeesImagesAsTheyAre(t *testing.T) {
	n, d := pixels(t, 4)
	look := spy{loss.Needs{Logits: true}, func(in loss.Input) {
		require.Equal(t, []int{0, 10, 20, 30}, seen(in.Logits))
		require.Equal(t, 1, in.Views)
	}}
	fit(t, train.Trainer{Streams: []hybrid.Stream{ordered(hybrid.Term{Loss: look})}, Epochs: 1, Batch: 4}, n, d, nil)
}

func TestAugmentReplacesEveryView(t *testing.T) {
	n, d := pixels(t, 4)
	var labels []int
	streams := hybrid.SC(0.1).Augment(view(5))
	for i := range streams {
		streams[i].Sampler = inOrder{}
		streams[i].Terms[0].Loss = spy{loss.Needs{Logits: true}, func(in loss.Input) {
			require.Equal(t, slices.Repeat([]int{5, 15, 25, 35}, in.Views), seen(in.Logits))
			labels = append(labels, in.Labels...)
		}}
	}
	fit(t, train.Trainer{Streams: streams, Epochs: 1, Batch: 4, LearningRate: schedule.Constant(0)}, n, d, nil)
	require.Len(t, labels, 12, "two views and one")
}

// A mixer changes the pixels a term sees; where none of a term's rows is blended, the term is told of no mix.
func TestMixer(t *testing.T) {
	n, d := pixels(t, 4)
	s := ordered()
	s.Views = []augment.Transform{view(0), view(1), view(2)}
	s.Mixer = mixer(func(images *tensor.Tensor, labels []int, views int) *loss.Mix {
		require.Equal(t, tensor.Shape{12, 1, 1, 1}, images.Shape())
		require.Equal(t, []int{0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0}, labels)
		require.Equal(t, 3, views)
		m := &loss.Mix{Labels: slices.Clone(labels), Weight: slices.Repeat([]float32{1}, 12)}
		images.Data()[5] = 200 // sample 1 in view 1
		m.Labels[5], m.Weight[5] = 0, 0.25
		return m
	})
	calls := 0
	term := func(name string, views []int, see func(loss.Input)) hybrid.Term {
		return hybrid.Term{Name: name, Views: views, Loss: spy{loss.Needs{Logits: true}, func(in loss.Input) { calls++; see(in) }}}
	}
	s.Terms = []hybrid.Term{
		term("all", nil, func(in loss.Input) {
			require.Equal(t, []int{0, 10, 20, 30, 1, 200, 21, 31, 2, 12, 22, 32}, seen(in.Logits))
			require.Equal(t, float32(0.25), in.Mix.Weight[5])
		}),
		term("mixed", []int{2, 1}, func(in loss.Input) {
			require.Equal(t, []int{2, 12, 22, 32, 1, 200, 21, 31}, seen(in.Logits))
			require.Equal(t, []int{0, 1, 1, 0, 0, 0, 1, 0}, in.Mix.Labels)
			require.Equal(t, []float32{1, 1, 1, 1, 1, 0.25, 1, 1}, in.Mix.Weight)
		}),
		term("clean", []int{0, 2}, func(in loss.Input) { require.Nil(t, in.Mix) }),
	}
	fit(t, train.Trainer{Streams: []hybrid.Stream{s}, Epochs: 2, Batch: 4, LearningRate: schedule.Constant(0)}, n, d, nil)
	require.Equal(t, 6, calls)
}

// A loss sees what it needs, whatever the others of its stream need; what none needs is not computed.
func TestTermsSeeWhatTheyNeed(t *testing.T) {
	n, d := pixels(t, 4)
	var scalar *autograd.Var // of the first term, for the one that needs nothing
	term := func(name string, needs loss.Needs) hybrid.Term {
		return hybrid.Term{Name: name, Loss: needy{needs, func(in loss.Input) *autograd.Var {
			require.Equal(t, needs.Logits, in.Logits != nil, name)
			require.Equal(t, needs.Embedding, in.Embedding != nil, name)
			if in.Logits != nil {
				scalar = autograd.Mean(in.Logits)
			}
			return scalar
		}}}
	}
	logits, both := term("logits", loss.Needs{Logits: true}), term("both", loss.Needs{Logits: true, Embedding: true})
	embedding, nothing := term("embedding", loss.Needs{Embedding: true}), term("nothing", loss.Needs{})
	for _, terms := range [][]hybrid.Term{{logits}, {logits, embedding}, {logits, nothing}, {both, embedding, logits, nothing}} {
		fit(t, train.Trainer{Streams: []hybrid.Stream{ordered(terms...)}, Epochs: 1, Batch: 4, LearningRate: schedule.Constant(0)}, n, d, nil)
	}
}

type needy struct {
	needs   loss.Needs
	forward func(loss.Input) *autograd.Var
}

func (n needy) Needs() loss.Needs { return n.needs }

func (n needy) Forward(in loss.Input) (*autograd.Var, loss.Stats) { return n.forward(in), loss.Stats{} }

// One pass normalises all streams together, separate passes each by itself: the running statistics tell.
func TestSeparatePassesHaveStatisticsOfTheirOwn(t *testing.T) {
	trainSet, _ := generated(t, 10)
	run := func(opts ...hybrid.Option) map[string][]float32 {
		n := resNet(t, 1, opts...)
		fit(t, train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 8, LimitSteps: 1, LearningRate: schedule.Constant(0)}, n, trainSet, nil)
		return state(n, nil)
	}
	one, separate := run(), run(hybrid.WithSeparatePasses())
	require.Equal(t, one["backbone.conv1.weight"], separate["backbone.conv1.weight"], "the learning rate is 0")
	require.NotEqual(t, one["backbone.bn1.running_mean"], separate["backbone.bn1.running_mean"])
	require.NotEqual(t, one["backbone.layer3.0.bn2.running_var"], separate["backbone.layer3.0.bn2.running_var"])
}

func TestNothingToTrainIsNoError(t *testing.T) {
	trainSet, test := generated(t, 5)
	n := mlp(t)
	nn.Freeze(n, true)
	before := state(n, nil)
	r := fit(t, short(), n, trainSet, test)
	require.Equal(t, before, state(n, nil))
	require.NotNil(t, r.Last)
}

// counted is gonum's BLAS and counts the products.
type counted struct {
	gonum.Implementation
	calls *int
}

func (c counted) Sgemm(ta, tb blas.Transpose, m, n, k int, alpha float32, a []float32, lda int,
	b []float32, ldb int, beta float32, y []float32, ldy int) {
	*c.calls++
	c.Implementation.Sgemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, y, ldy)
}

func TestAnotherBLASGivesTheSameUpToRounding(t *testing.T) {
	trainSet, test := generated(t, 10)
	calls := 0
	run := func(tr train.Trainer) (*train.Result, map[string][]float32) {
		tr.Streams, tr.Epochs, tr.Batch, tr.LearningRate = hybrid.SC(0.1), 2, 8, schedule.Constant(0.001)
		n := mlp(t)
		return fit(t, tr, n, trainSet, test), state(n, nil)
	}
	own, a := run(train.Trainer{})
	other, b := run(train.Trainer{BLAS: counted{calls: &calls}})
	require.Positive(t, calls)
	for path := range a {
		require.InDeltaSlice(t, floats(a[path]), floats(b[path]), 1e-4, path)
	}
	require.InDelta(t, own.Epochs[1].Total, other.Epochs[1].Total, 1e-3)
}

func floats(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// A loss with parameters of its own trains them under the name of its term, and two terms may share it.
func TestLossesTrainTheirParameters(t *testing.T) {
	trainSet, _ := generated(t, 5)
	n := mlp(t)
	streams := hybrid.PSC(0.5)
	shared := streams[0].Terms[0]
	shared.Name, shared.Views = "again", []int{1}
	streams[0].Terms = append(streams[0].Terms, shared)
	before := state(n, streams)
	fit(t, train.Trainer{Streams: streams, Epochs: 1, Batch: 4}, n, trainSet, nil)
	after := state(n, streams)
	require.NotEqual(t, before["losses.psc.prototypes.weight"], after["losses.psc.prototypes.weight"])
	require.Equal(t, after["losses.psc.prototypes.weight"], after["losses.again.prototypes.weight"])
	require.Equal(t, "losses.psc.prototypes.weight", nn.Params(shared.Loss.(nn.Visitable))[0].Param.Name)
}
