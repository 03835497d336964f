package hybrid

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Network is a backbone with a projection head and a classifier head. It says what images or features it takes and how they
// are normalised, so that training, evaluation and prediction cannot differ in it. Make it with NewNetwork.
type Network struct {
	Backbone   backbone.Backbone
	Projection nn.Module // features [R, F] to embeddings [R, D] before normalisation; nil: none
	Classifier nn.Module // features [R, F] to logits [R, C]

	classes, embeddingDim int
	input                 Input
	normalize             augment.Normalize
	pixels                *augment.Table // of normalize; nil for features
	resize                augment.Resize // of images to predict; zero: they have the network's size
	separate              bool
	about                 *About // of a file that was opened; nil: none
}

// Option sets up a Network. Of options that set the same part, the last counts.
type Option func(*options)

type options struct {
	input                  Input
	hidden, dim            int
	noProjection           bool
	projection, classifier nn.Module
	cosine                 bool
	normalize              *augment.Normalize
	resize                 augment.Resize
	seed                   uint64
	separate               bool
}

// WithInput sets the size of the images the network takes. The default is 32×32 with 3 channels.
func WithInput(height, width, channels int) Option {
	return func(o *options) { o.input = Input{Height: height, Width: width, Channels: channels} }
}

// WithFeatures makes the network take features of the given width in place of images: what another model made of them
// (dataset.Features). A backbone.MLP of that width alone leaves them as they are, for a linear head. The default is that they
// are not normalised.
func WithFeatures(width int) Option { return func(o *options) { o.input = Input{Features: width} } }

// WithNormalize sets how pixels or features are normalised. augment.NormalizeOf tells it of a training set,
// augment.CIFARNormalize is the paper's. The default is a mean of 0.5 and a deviation of 0.25 in every channel.
func WithNormalize(n augment.Normalize) Option { return func(o *options) { o.normalize = &n } }

// WithResize makes evaluation and prediction take images of any size: each is resized, and the middle of the network's size is cut
// out, as augment.CenterCrop does it. Usual is augment.Resize{Shorter: 256} for images of 224×224. Training needs views that end
// in the network's size, such as augment.ResizedCrop.
func WithResize(r augment.Resize) Option { return func(o *options) { o.resize = r } }

// WithProjection sets the sizes of the projection head, Linear-ReLU-Linear: the hidden layer's and the embedding's. 0
// keeps the default: the backbone's width, and 128. The paper does not give the widths.
func WithProjection(hidden, dim int) Option {
	return func(o *options) { o.hidden, o.dim, o.noProjection, o.projection = hidden, dim, false, nil }
}

// WithProjectionModule sets a projection head of your own; normalisation to unit length follows it.
func WithProjectionModule(m nn.Module) Option {
	return func(o *options) { o.noProjection, o.projection = false, m }
}

// WithoutProjection leaves the projection head out, for training by losses of logits alone.
func WithoutProjection() Option { return func(o *options) { o.noProjection, o.projection = true, nil } }

// WithCosineClassifier makes the logits cosines of features and class weights, as LDAM (arXiv 1906.07413) wants.
func WithCosineClassifier() Option { return func(o *options) { o.cosine, o.classifier = true, nil } }

// WithClassifier sets a classifier head of your own, from features to one logit for each class.
func WithClassifier(m nn.Module) Option {
	return func(o *options) { o.cosine, o.classifier = false, m }
}

// WithSeparatePasses passes each stream through the backbone by itself, with batch norm's statistics of its own. The
// default is one pass of all streams together; the paper leaves it open.
func WithSeparatePasses() Option { return func(o *options) { o.separate = true } }

// WithSeed sets the seed of the heads' weights. The backbone has its own.
func WithSeed(seed uint64) Option { return func(o *options) { o.seed = seed } }

// NewNetwork puts heads on a backbone for the given number of classes, at least two. It runs the network once on a blank
// image, so that parts that do not fit are found here and not in training.
func NewNetwork(b backbone.Backbone, classes int, opts ...Option) (*Network, error) {
	o := options{input: Input{Height: 32, Width: 32, Channels: 3}}
	for _, set := range opts {
		set(&o)
	}
	if b == nil {
		return nil, fmt.Errorf("hybrid: the backbone is nil")
	}
	if f, ok := b.(backbone.Func); ok && f.Module == nil {
		return nil, fmt.Errorf("hybrid: the backbone.Func has no Module: give it one, such as an nn.Sequential")
	}
	if d := b.OutDim(); d < 1 {
		return nil, fmt.Errorf("hybrid: the backbone's OutDim is %d: features must have at least one value", d)
	}
	if classes < 2 {
		return nil, fmt.Errorf("hybrid: a classifier needs at least two classes, not %d", classes)
	}
	if err := o.input.check(); err != nil {
		return nil, fmt.Errorf("hybrid: %w", err)
	}
	if o.hidden < 0 || o.dim < 0 {
		return nil, fmt.Errorf("hybrid: projection widths %d and %d must not be negative", o.hidden, o.dim)
	}
	n := &Network{Backbone: b, Projection: o.projection, Classifier: o.classifier, classes: classes,
		input: o.input, resize: o.resize, separate: o.separate}
	if err := n.checkResize(); err != nil {
		return nil, err
	}
	if err := n.setNormalize(o.normalize); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(o.seed, 0x6865616473))
	if err := tensor.Try(func() error { n.addHeads(o, rng); return nil }); err != nil {
		return nil, fmt.Errorf("hybrid: heads on features of width %d for %d classes: %w", b.OutDim(), classes, err)
	}
	nn.Name(n)
	if err := n.dryRun(); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *Network) checkResize() error {
	if n.resize.Shorter == 0 {
		return nil
	}
	if n.input.Features > 0 {
		return fmt.Errorf("hybrid: WithResize is for images, and the network takes %s", n.input)
	}
	if err := n.resize.Validate(); err != nil {
		return err
	}
	if side := max(n.input.Height, n.input.Width); n.resize.Shorter < side {
		return fmt.Errorf("hybrid: images resized to a shorter side of %d do not cover the network's %d×%d: resize to %d or more",
			n.resize.Shorter, n.input.Height, n.input.Width, side)
	}
	return nil
}

func (n *Network) addHeads(o options, rng *rand.Rand) {
	width := n.Backbone.OutDim()
	if n.Projection == nil && !o.noProjection {
		hidden, dim := o.hidden, o.dim
		if hidden == 0 {
			hidden = width
		}
		if dim == 0 {
			dim = 128
		}
		n.Projection = nn.Sequential{nn.NewLinear(nn.LinearSettings{In: width, Out: hidden, Rand: rng}), nn.Func(nn.ReLU),
			nn.NewLinear(nn.LinearSettings{In: hidden, Out: dim, Rand: rng})}
	}
	switch {
	case n.Classifier != nil:
	case o.cosine:
		n.Classifier = nn.NewCosine(nn.CosineSettings{In: width, Classes: n.classes, Rand: rng})
	default:
		n.Classifier = nn.NewLinear(nn.LinearSettings{In: width, Out: n.classes, Rand: rng})
	}
}

// dryRun checks the shapes on a blank image, or a vector of zeros.
func (n *Network) dryRun() error {
	return tensor.Try(func() error {
		t := autograd.NewTape(autograd.Mode{NoGrad: true})
		f := n.Backbone.Forward(t.Const(tensor.New(n.input.Batch(1)...)))
		if want := (tensor.Shape{1, n.Backbone.OutDim()}); !f.Shape().Equal(want) {
			return fmt.Errorf("hybrid: the backbone gives features of shape %v for one image, its OutDim says %v", f.Shape(), want)
		}
		if s := n.Logits(f).Shape(); !s.Equal(tensor.Shape{1, n.classes}) {
			return fmt.Errorf("hybrid: the classifier gives logits of shape %v for one image, %d classes need [1 %d]", s, n.classes, n.classes)
		}
		if n.Projection != nil {
			s := n.Embed(f).Shape()
			if len(s) != 2 || s[0] != 1 {
				return fmt.Errorf("hybrid: the projection gives embeddings of shape %v for one image, not [1 D]", s)
			}
			n.embeddingDim = s[1]
		}
		return nil
	})
}

// Features runs the backbone on normalised images [R, H, W, C], or features [R, D]: [R, F].
func (n *Network) Features(images *autograd.Var) *autograd.Var { return n.Backbone.Forward(images) }

// Embed returns the unit embeddings [R, D] of features [R, F]. It panics with *tensor.Error without a projection head.
func (n *Network) Embed(features *autograd.Var) *autograd.Var {
	if n.Projection == nil {
		panic(&tensor.Error{Op: "hybrid.Embed", Detail: "the network was made without a projection head"})
	}
	return nn.L2Normalize(n.Projection.Forward(features))
}

// Logits returns the logits [R, C] of features [R, F].
func (n *Network) Logits(features *autograd.Var) *autograd.Var { return n.Classifier.Forward(features) }

// Experts returns the logits [R, C] of each branch of the backbone, of features [R, F]. Their mean is Logits. It panics with
// *tensor.Error where CheckExperts has an error.
func (n *Network) Experts(features *autograd.Var) []*autograd.Var {
	if err := n.CheckExperts(); err != nil {
		panic(&tensor.Error{Op: "hybrid.Experts", Detail: err.Error()})
	}
	return n.Classifier.(nn.Ensemble).Each(features, n.Backbone.(backbone.Branched).Branches())
}

// CheckExperts says why the network has no experts: a backbone of several branches, and a classifier of the features of each.
func (n *Network) CheckExperts() error {
	if b, ok := n.Backbone.(backbone.Branched); !ok || b.Branches() < 2 {
		return fmt.Errorf("experts need a backbone of several branches, such as a backbone.CIFARResNet with CIFARResNetSettings.Branches 3")
	}
	if _, ok := n.Classifier.(nn.Ensemble); !ok {
		return fmt.Errorf("experts need a classifier that is an nn.Ensemble, as nn.Linear and nn.Cosine are, the network's is %T", n.Classifier)
	}
	return nil
}

// Forward returns the logits of normalised images: what prediction uses.
func (n *Network) Forward(images *autograd.Var) *autograd.Var { return n.Logits(n.Features(images)) }

// Input is the size of the images, or the width of the features, that the network takes.
func (n *Network) Input() Input { return n.input }

// Normalize is how pixels become the network's numbers, or features; zero: features stay as they are.
func (n *Network) Normalize() augment.Normalize { return n.normalize }

// Resize is what evaluation and prediction begin with, see WithResize.
func (n *Network) Resize() augment.Resize { return n.resize }

// SeparatePasses says whether each stream passes the backbone by itself, see WithSeparatePasses.
func (n *Network) SeparatePasses() bool { return n.separate }

// Classes is the number of classes.
func (n *Network) Classes() int { return n.classes }

// EmbeddingDim is the width of the embedding, 0 without a projection head.
func (n *Network) EmbeddingDim() int { return n.embeddingDim }

// Summary counts parameters (of backbone and heads) and multiply-adds of predicting one image.
func (n *Network) Summary() (nn.Summary, error) {
	return nn.Summarize(n, n.input.Batch(1)[1:]...)
}

// Visit shows backbone, projection and classifier under these names.
func (n *Network) Visit(v nn.Visitor) {
	v.Sub("backbone", n.Backbone)
	if n.Projection != nil {
		v.Sub("projection", n.Projection)
	}
	v.Sub("classifier", n.Classifier)
}
