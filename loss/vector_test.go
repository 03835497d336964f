package loss_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

type vectorCase struct {
	Loss        string
	Embedding   *vectortest.Tensor
	DEmbedding  vectortest.Tensor
	Prototypes  *vectortest.Tensor
	DPrototypes vectortest.Tensor
	Logits      *vectortest.Tensor
	DLogits     vectortest.Tensor
	Labels      []int
	Temperature float64
	Smoothing   float64
	Weights     []float64
	Gamma       float64
	Beta        float64
	Tau         float64
	Counts      []int
	Scale       float64
	MaxMargin   float64 `json:"max_margin"`
	Value       float64
	Note        string
}

func param(t *testing.T, v *vectortest.Tensor) *autograd.Param {
	if v == nil {
		return nil
	}
	x, err := tensor.FromSlice(v.Float32(), v.Shape...)
	require.NoError(t, err)
	return autograd.NewParam(x)
}

func TestVectorLosses(t *testing.T) {
	var cases []vectorCase
	vectortest.Load(t, "losses", &cases)
	for _, c := range cases {
		t.Run(c.Loss+" "+c.Note, func(t *testing.T) {
			embedding, logits, protos := param(t, c.Embedding), param(t, c.Logits), param(t, c.Prototypes)
			bank := &prototype.Learnable{Weight: protos}
			var l loss.Loss
			switch c.Loss {
			case "supervised_contrastive":
				l = &loss.SupervisedContrastive{Temperature: c.Temperature}
			case "supervised_contrastive_in":
				l = &loss.SupervisedContrastive{Temperature: c.Temperature, Inside: true}
			case "prototypical_contrastive":
				l = &loss.PrototypicalContrastive{Bank: bank, Temperature: c.Temperature}
			case "prototypical_contrastive_full":
				l = &loss.PrototypicalContrastive{Bank: bank, Temperature: c.Temperature, IncludeOwn: true}
			case "cross_entropy":
				l = &loss.CrossEntropy{}
			case "label_smoothing":
				l = &loss.CrossEntropy{Smoothing: c.Smoothing}
			case "weighted_cross_entropy":
				l = &loss.CrossEntropy{Weights: c.Weights}
			case "balanced_contrastive":
				l = &loss.BalancedContrastive{Bank: bank, Temperature: c.Temperature}
			case "focal":
				l = &loss.Focal{Gamma: c.Gamma}
			case "class_balanced_cross_entropy":
				l = &loss.ClassBalanced{Beta: c.Beta}
				w, err := loss.ClassBalancedWeights(c.Counts, c.Beta)
				require.NoError(t, err)
				require.InDeltaSlice(t, c.Weights, w, 1e-9)
			case "balanced_softmax":
				l = &loss.LogitAdjusted{}
			case "logit_adjusted":
				l = &loss.LogitAdjusted{Tau: c.Tau}
			case "ldam":
				l = &loss.LDAM{MaxMargin: c.MaxMargin, Scale: c.Scale}
			default:
				t.Fatalf("no loss for the case %q", c.Loss)
			}
			if p, ok := l.(loss.Preparer); ok && c.Counts != nil {
				require.NoError(t, p.Prepare(c.Counts))
			}
			tape := autograd.NewTape(autograd.Mode{Train: true})
			in := loss.Input{Labels: c.Labels, Views: 1}
			if embedding != nil {
				in.Embedding = nn.L2Normalize(tape.Param(embedding))
			}
			if logits != nil {
				in.Logits = tape.Param(logits)
			}
			y, _ := l.Forward(in)
			tape.Backward(y, nil)
			vectortest.Close(t, "value", y.Data(), []float64{c.Value}, 0)
			for name, g := range map[string]struct {
				p    *autograd.Param
				want vectortest.Tensor
			}{"dembedding": {embedding, c.DEmbedding}, "dlogits": {logits, c.DLogits}, "dprototypes": {protos, c.DPrototypes}} {
				if g.p != nil {
					vectortest.Close(t, name, g.p.Grad.Data(), g.want.Data, 0)
				}
			}
		})
	}
}
