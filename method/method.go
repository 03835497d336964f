package method

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/train"
)

// Method is a way to train a network. Streams is required; the rest may be zero in a method of your own.
type Method struct {
	Name   string // on command lines: "hybrid-sc"
	Title  string // in tables: "Hybrid-SC"
	ArXiv  string // the paper's number; "" if it has none
	Images int    // that pass the backbone, or a teacher, for each sample drawn in a step: the views of all streams, partners' too, in each pass
	// Branches is the number of final branches that the backbone must have (backbone.Branched); 0 means any backbone will do.
	Branches int
	// Teacher trains the network that the losses learn from, where it is not there already: give it to the streams by TaughtBy. nil: they
	// learn from none.
	Teacher *Method
	// Heads returns what the network needs besides the backbone, whose features have the given width. nil: nothing.
	Heads func(width int, s Setup) []hybrid.Option
	// Streams returns what the network is trained on, with the paper's augmentation.
	Streams func(n *hybrid.Network, s Setup) (hybrid.Streams, error)
	// Recipe returns the paper's batch, learning rate and optimizer on CIFAR for a run of so many epochs, milestones in
	// proportion. nil: this package knows none; the zero Trainer has that of hybrid networks.
	Recipe func(epochs int) train.Trainer
	// EveryClass says that Second, as Stage's zero values have it, needs images of every class, which New checks: else it
	// would be found after the training. Clear it to give Stage.Retrain a sampler that skips empty classes.
	EveryClass bool
	// Second makes the final classifier of a trained network. nil: the one that was trained.
	Second func(ctx context.Context, n *hybrid.Network, s Stage) (nn.Module, error)
	// SecondSettings are those of Second that are not its paper's, in words for manifests: "tau 0.5". "": there are none.
	SecondSettings string
	NeedsHeld      bool // Second chooses by Stage.Held, which must not be nil
}

// Setup is what a method must know of its task.
type Setup struct {
	Counts []int // training images of each class: dataset.Counts
	Size   int   // width of the images in pixels; 0 means 32
	// Features is the width of features that are trained on in place of images (dataset.Features): the augmentation of images
	// gives way to View where a method compares several views, and to none elsewhere. 0: images.
	Features int
	View     augment.FeatureTransform // nil means augment.FeatureViews
	Dim      int                      // width of embeddings; 0 means 128
	Seed     uint64                   // of the weights of heads, and of what losses are given; those that build their own take the trainer's
	// Context ends New early, which takes seconds where points are spread on the sphere for thousands of classes, and TSC's deals of
	// these in training. nil: it does not end.
	Context context.Context
	// Progress is told now and then how many of the points are done: steps of spreading them, or classes dealt one. nil: it is not.
	Progress func(done, of int)
}

func (s Setup) context() context.Context {
	if s.Context == nil {
		return context.Background()
	}
	return s.Context
}

func (s Setup) dim() int  { return cmp.Or(s.Dim, 128) }
func (s Setup) size() int { return cmp.Or(s.Size, 32) }

// Stage is what a second stage learns from.
type Stage struct {
	Train dataset.Dataset // the images trained on
	Held  dataset.Dataset // held out of training (dataset.Holdout), to choose hyper-parameters by; nil: none
	// Retrain trains heads anew. Its zero value follows arXiv 1910.09217; use a smaller Batch for small sets.
	Retrain posthoc.Retrain
}

// New returns a network on the backbone and its streams. Options come after those of the method and count where both set
// the same part.
func (m Method) New(b backbone.Backbone, s Setup, opts ...hybrid.Option) (*hybrid.Network, hybrid.Streams, error) {
	if b == nil {
		return nil, nil, fmt.Errorf("method: %s: the backbone is nil", m.Name)
	}
	if branched, ok := b.(backbone.Branched); m.Branches > 0 && (!ok || branched.Branches() != m.Branches) {
		if s.Features > 0 {
			return nil, nil, fmt.Errorf("method: %s: needs a backbone of %d branches, which no backbone of this library for features has: take another method, "+
				"or a backbone.Branched of your own", m.Name, m.Branches)
		}
		return nil, nil, fmt.Errorf("method: %s: needs a backbone of %d branches, such as a backbone.CIFARResNet with CIFARResNetSettings.Branches %d",
			m.Name, m.Branches, m.Branches)
	}
	if m.Streams == nil {
		return nil, nil, fmt.Errorf("method: %s: Streams is nil: take a method of this package, or set it", m.Name)
	}
	for class, n := range s.Counts {
		if n == 0 && m.EveryClass {
			return nil, nil, fmt.Errorf("method: %s: class %d has no training images, its second stage needs some: leave the class out", m.Name, class)
		}
	}
	if s.Size < 0 || s.Dim < 0 || s.Features < 0 {
		return nil, nil, fmt.Errorf("method: Setup of size %d, features of width %d and embeddings of width %d: none may be negative", s.Size, s.Features, s.Dim)
	}
	all := []hybrid.Option{hybrid.WithInput(s.size(), s.size(), 3), hybrid.WithSeed(s.Seed), hybrid.WithProjection(0, s.dim())}
	if s.Features > 0 {
		all = append(all, hybrid.WithFeatures(s.Features))
	}
	if m.Heads != nil {
		all = append(all, m.Heads(b.OutDim(), s)...)
	}
	n, err := hybrid.NewNetwork(b, len(s.Counts), append(all, opts...)...)
	if err != nil {
		return nil, nil, fmt.Errorf("method: %s: %w", m.Name, err)
	}
	streams, err := m.Streams(n, s)
	if err != nil {
		return nil, nil, fmt.Errorf("method: %s: %w", m.Name, err)
	}
	if s.Features > 0 {
		streams = streams.OnFeatures(s.View)
	}
	return n, streams, nil
}

// Finish gives a trained network its final classifier, if the method has a second stage.
func (m Method) Finish(ctx context.Context, n *hybrid.Network, s Stage) error {
	if m.Second == nil {
		return nil
	}
	if s.Train == nil {
		return fmt.Errorf("method: %s: Stage.Train is nil: its second stage needs the training images", m.Name)
	}
	head, err := m.Second(ctx, n, s)
	if err != nil {
		return fmt.Errorf("method: %s: second stage: %w", m.Name, err)
	}
	n.Classifier = head
	nn.Name(n)
	return nil
}

// All returns the methods with their papers' settings, classifiers first.
func All() []Method {
	return []Method{CE(), CEBalanced(), Focal(loss.Focal{}), ClassBalanced(loss.ClassBalanced{}),
		LogitAdjusted(loss.LogitAdjusted{}), LDAMDRW(), BBN(), DiVE(loss.Distillation{}), Remix(), CMO(), SAM(SAMSettings{}), ImbSAM(SAMSettings{}), RIDE(), SADE(), BalPoE(),
		CRT(), LWS(), MiSLAS(), WeightBalancing(), TauNorm(TauNormSettings{}), NCM(), PostHocAdjusted(PostHocAdjustedSettings{}),
		HybridSC(loss.SupervisedContrastive{}), HybridPSC(PSC{}), SupCon(loss.SupervisedContrastive{}), KCL(), TSC(), BCL(), PaCo(), GPaCo(), ProCo()}
}

// Variants returns methods of All with other settings than the paper's, worth a row of their own in a comparison.
func Variants() []Method {
	return []Method{HybridPSC(PSC{IncludeOwn: true}), HybridPSC(PSC{Fixed: true}), HybridPSC(PSC{IncludeOwn: true, Fixed: true})}
}

// ByName returns the method of All or Variants with the name.
func ByName(name string) (Method, error) {
	var names []string
	for _, m := range append(All(), Variants()...) {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Method{}, fmt.Errorf("method: there is no %q, only %s", name, strings.Join(names, ", "))
}
