package method

import (
	"cmp"
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/posthoc"
)

// SupCon is two-stage supervised contrastive learning (arXiv 2004.11362): the contrast alone, then a linear classifier on
// the frozen backbone. The classifier's batches are class-balanced, for the long tail; Stage.Retrain's Sampler can change
// that. Two images a sample, and one pass over the images for the second stage.
func SupCon(l loss.SupervisedContrastive) Method {
	return Method{Name: "supcon", Title: "SupCon, two stages", ArXiv: "2004.11362", Images: 2, EveryClass: true, Second: retrained,
		Streams: func(_ *hybrid.Network, s Setup) (hybrid.Streams, error) {
			l := l
			l.Temperature = cmp.Or(l.Temperature, 0.1)
			return contrast("sc", &l, s), nil
		}}
}

// CRT is classifier re-training (arXiv 1910.09217): CE, then a new classifier trained on class-balanced batches of the
// frozen backbone's features (posthoc.Retrain). One image a sample, and one pass over the images for the second stage.
func CRT() Method { return decoupled("crt", "cRT", retrained) }

// LWS is learnable weight scaling (arXiv 1910.09217): CE, then one scale a class, learnt on class-balanced batches of the
// frozen features (posthoc.Retrain). It cannot forget what the classifier knows, nor mend its directions. Cost as CRT.
func LWS() Method {
	return decoupled("lws", "LWS", func(ctx context.Context, n *hybrid.Network, s Stage) (nn.Module, error) {
		head, err := linear(n)
		if err != nil {
			return nil, err
		}
		trainSet, err := features(ctx, n, s.Train)
		if err != nil {
			return nil, err
		}
		scaled, _, err := s.Retrain.LWS(ctx, head, trainSet)
		return scaled, err
	})
}

// TauNormSettings are those of TauNorm.
type TauNormSettings struct {
	// Tau τ, the power of the norm. 0 means the best of 0, 0.1, …, 2 on Stage.Held, as the paper chooses it; loss.Off means 0.
	Tau float64
}

// TauNorm is τ-normalisation (arXiv 1910.09217): CE, then the classifier's rows divided by their norm to the power τ
// (posthoc.TauNormalize). One image a sample, and nothing to train.
func TauNorm(t TauNormSettings) Method {
	m := decoupled("tau-norm", "τ-norm", func(ctx context.Context, n *hybrid.Network, s Stage) (nn.Module, error) {
		head, err := linear(n)
		if err != nil {
			return nil, err
		}
		best := orOff(t.Tau, 0)
		if t.Tau == 0 {
			if s.Held == nil {
				return nil, fmt.Errorf("Stage.Held is nil: hold images out of training to choose tau by, or set TauNormSettings.Tau")
			}
			held, err := features(ctx, n, s.Held)
			if err != nil {
				return nil, err
			}
			if best, _, err = posthoc.ChooseTau(head, held, nil); err != nil {
				return nil, err
			}
		}
		normalized, err := posthoc.TauNormalize(head, best)
		return normalized, err
	})
	m.EveryClass = false // rows of classes without images are as good as others
	if m.NeedsHeld = t.Tau == 0; !m.NeedsHeld {
		m.SecondSettings = fmt.Sprintf("tau %g", orOff(t.Tau, 0))
	}
	return m
}

// PostHocAdjustedSettings are those of PostHocAdjusted.
type PostHocAdjustedSettings struct {
	Tau float64 // τ; 0 means the paper's 1, loss.Off means 0
}

// PostHocAdjusted is logit adjustment after training (arXiv 2007.07314): CE, then τ·log q_c taken from the classifier's
// bias (posthoc.AdjustHead). One image a sample, and nothing to train or to look at again.
func PostHocAdjusted(p PostHocAdjustedSettings) Method {
	m := decoupled("post-hoc-adjusted", "Logit-adjusted after CE", func(_ context.Context, n *hybrid.Network, s Stage) (nn.Module, error) {
		head, err := linear(n)
		if err != nil {
			return nil, err
		}
		adjusted, err := posthoc.AdjustHead(head, dataset.Counts(s.Train), orOff(p.Tau, 1))
		return adjusted, err
	})
	m.ArXiv = "2007.07314"
	if tau := orOff(p.Tau, 1); tau != 1 {
		m.SecondSettings = fmt.Sprintf("tau %g", tau)
	}
	return m
}

// orOff is a setting: the paper's value for 0, 0 for loss.Off.
func orOff(v, paper float64) float64 {
	if v == loss.Off {
		return 0
	}
	return cmp.Or(v, paper)
}

// NCM classifies by the nearest class mean (arXiv 1910.09217): CE, then cosines with the means of each class's features
// (posthoc.ClassMeans). One image a sample, and one pass over the images.
func NCM() Method {
	return decoupled("ncm", "NCM", func(ctx context.Context, n *hybrid.Network, s Stage) (nn.Module, error) {
		trainSet, err := features(ctx, n, s.Train)
		if err != nil {
			return nil, err
		}
		means, err := posthoc.NewClassMeans(trainSet, posthoc.ClassMeansSettings{})
		if err != nil {
			return nil, err
		}
		head, err := means.Head()
		return head, err
	})
}

// decoupled is cross-entropy and a second stage.
func decoupled(name, title string, second func(context.Context, *hybrid.Network, Stage) (nn.Module, error)) Method {
	m := classifier("ce", title, "1910.09217", func() loss.Loss { return &loss.CrossEntropy{} })
	m.Name, m.EveryClass, m.Second = name, true, second
	return m
}

// retrained is a new classifier on the frozen backbone.
func retrained(ctx context.Context, n *hybrid.Network, s Stage) (nn.Module, error) {
	trainSet, err := features(ctx, n, s.Train)
	if err != nil {
		return nil, err
	}
	head, err := s.Retrain.CRT(ctx, trainSet)
	return head, err
}

func features(ctx context.Context, n *hybrid.Network, d dataset.Dataset) (posthoc.Set, error) {
	x, labels, err := n.FeaturesOf(ctx, d, 0)
	return posthoc.Set{Features: x, Labels: labels, Classes: n.Classes()}, err
}
