package train_test

import (
	"context"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
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

const classes = 4

// generated returns 8×8 colour images of four classes.
func generated(t testing.TB, perClass int) (trainSet, test *dataset.Memory) {
	t.Helper()
	trainSet, test, err := dataset.Generate(dataset.GenerateSettings{Classes: classes, Size: 8, PerClass: perClass, TestPerClass: 20, Seed: 1})
	require.NoError(t, err)
	return trainSet, test
}

// underRace reports that the race detector watches, which makes arithmetic slow and sync.Pool forgetful.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func newNetwork(t testing.TB, b backbone.Backbone, opts ...hybrid.Option) *hybrid.Network {
	t.Helper()
	n, err := hybrid.NewNetwork(b, classes, slices.Concat([]hybrid.Option{hybrid.WithInput(8, 8, 3), hybrid.WithProjection(0, 8)}, opts)...)
	require.NoError(t, err)
	return n
}

// resNet is a network with convolutions and batch norm.
func resNet(t testing.TB, seed uint64, opts ...hybrid.Option) *hybrid.Network {
	t.Helper()
	b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: seed})
	require.NoError(t, err)
	return newNetwork(t, b, slices.Concat([]hybrid.Option{hybrid.WithSeed(seed)}, opts)...)
}

func newMLP(t testing.TB, widths ...int) *backbone.MLP {
	t.Helper()
	b, err := backbone.NewMLP(backbone.MLPSettings{Widths: widths, Seed: 1})
	require.NoError(t, err)
	return b
}

// mlp is the network for tests that need none in particular.
func mlp(t testing.TB, opts ...hybrid.Option) *hybrid.Network {
	t.Helper()
	return newNetwork(t, newMLP(t, 192, 12), opts...)
}

// short trains by cross-entropy for one epoch of batches of 4, images in the order of the set.
func short() train.Trainer {
	return train.Trainer{Streams: []hybrid.Stream{ordered(ce())}, Epochs: 1, Batch: 4, LearningRate: schedule.Constant(0.05)}
}

func ce() hybrid.Term { return hybrid.Term{Name: "ce", Loss: &loss.CrossEntropy{}} }

func ordered(terms ...hybrid.Term) hybrid.Stream {
	return hybrid.Stream{Sampler: inOrder{}, Terms: terms}
}

func fit(t require.TestingT, trainer train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset) *train.Result {
	r, err := trainer.Fit(context.Background(), n, trainSet, test)
	require.NoError(t, err)
	return r
}

// methods are the library's own.
var methods = map[string]func() hybrid.Streams{
	"CE":         hybrid.CE,
	"CEBalanced": hybrid.CEBalanced,
	"SC":         func() hybrid.Streams { return hybrid.SC(0.1) },
	"PSC":        func() hybrid.Streams { return hybrid.PSC(0.5) },
}

// state copies every tensor of the network and of the losses of streams.
func state(n *hybrid.Network, streams []hybrid.Stream) map[string][]float32 {
	all := map[string][]float32{}
	add := func(prefix string, m nn.Visitable) {
		for _, e := range nn.Entries(m) {
			if x := e.Tensor(); x != nil {
				all[prefix+e.Path] = slices.Clone(x.Data())
			}
		}
	}
	add("", n)
	for _, s := range streams {
		for _, term := range s.Terms {
			if m, ok := term.Loss.(nn.Visitable); ok {
				add("losses."+term.Name+".", m)
			}
		}
	}
	return all
}

// inOrder draws every image once, as they lie in the set.
type inOrder struct{}

func (inOrder) Epoch(labels []int, _ sampler.Plan) ([]int, error) {
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	return order, nil
}

// spy shows what a term sees and costs the mean of it.
type spy struct {
	needs loss.Needs
	see   func(loss.Input)
}

func (s spy) Needs() loss.Needs { return s.needs }

func (s spy) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	s.see(in)
	if s.needs.Logits {
		return autograd.Mean(in.Logits), loss.Stats{}
	}
	return autograd.Mean(in.Embedding), loss.Stats{}
}

// with is a data set of which some methods are replaced.
type with struct {
	dataset.Dataset
	image   func(i int, dst *dataset.Image) error
	label   func(i int) int
	classes []string
}

func (w with) Image(i int, dst *dataset.Image) error {
	if w.image != nil {
		return w.image(i, dst)
	}
	return w.Dataset.Image(i, dst)
}

func (w with) Label(i int) int {
	if w.label != nil {
		return w.label(i)
	}
	return w.Dataset.Label(i)
}

func (w with) Classes() []string {
	if w.classes != nil {
		return w.classes
	}
	return w.Dataset.Classes()
}

// transform is a function as an augment.Transform.
type transform func(*dataset.Image)

func (f transform) Apply(img *dataset.Image, _ *rand.Rand) { f(img) }

// mixer is a function as a hybrid.Mixer.
type mixer func(images *tensor.Tensor, labels []int, views int) *loss.Mix

func (f mixer) Mix(images *tensor.Tensor, labels []int, views int, _ *rand.Rand) *loss.Mix {
	return f(images, labels, views)
}

// image returns image i of d.
func image(t testing.TB, d dataset.Dataset, i int) *dataset.Image {
	t.Helper()
	img := new(dataset.Image)
	require.NoError(t, d.Image(i, img))
	return img
}

var (
	_ augment.Transform = transform(nil)
	_ hybrid.Mixer      = mixer(nil)
)

// look appends the labels a term sees.
func look(seen *[]int) func(loss.Input) {
	return func(in loss.Input) { *seen = append(*seen, in.Labels...) }
}

// entries are those whose path begins with prefix.
func entries(m nn.Visitable, prefix string) []nn.Entry {
	var found []nn.Entry
	for _, e := range nn.Entries(m) {
		if strings.HasPrefix(e.Path, prefix) {
			found = append(found, e)
		}
	}
	return found
}

// anySize ends the error of an image of another size than the network's.
const anySize = "; for images of any size, let views end in that one, as with augment.ResizedCrop, and use hybrid.WithResize for evaluation"
