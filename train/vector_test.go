package train

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func load(t *testing.T, v vectortest.Tensor) *tensor.Tensor {
	x, err := tensor.FromSlice(v.Float32(), v.Shape...)
	require.NoError(t, err)
	return x
}

// Whole training steps of both variants: losses of each step and all weights at the end.
func TestVectorHybridSteps(t *testing.T) {
	var cases []struct {
		Variant     string
		Temperature float64
		Epochs      int
		LR          float64
		Momentum    float64
		WeightDecay float64 `json:"weight_decay"`
		Start, End  map[string]vectortest.Tensor
		Steps       []struct {
			Epoch          int
			Alpha          float64
			XFeature       vectortest.Tensor `json:"x_feature"`
			YFeature       []int             `json:"y_feature"`
			XClassifier    vectortest.Tensor `json:"x_classifier"`
			YClassifier    []int             `json:"y_classifier"`
			LossFeature    float64           `json:"loss_feature"`
			LossClassifier float64           `json:"loss_classifier"`
			Loss           float64
		}
	}
	vectortest.Load(t, "hybrid", &cases)
	for _, c := range cases {
		t.Run(c.Variant, func(t *testing.T) {
			linear := func(name string) *nn.Linear {
				return &nn.Linear{Weight: autograd.NewParam(load(t, c.Start[name+"_w"])), Bias: autograd.NewParam(load(t, c.Start[name+"_b"]))}
			}
			width := c.Start["b_w"].Shape[1]
			body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{width, c.Start["b_w"].Shape[0]}, Seed: 1})
			require.NoError(t, err)
			body.Layers[0] = linear("b")
			net, err := hybrid.NewNetwork(body, c.Start["c_w"].Shape[0], hybrid.WithInput(1, width, 1), hybrid.WithClassifier(linear("c")),
				hybrid.WithProjectionModule(nn.Sequential{linear("p1"), nn.Func(nn.ReLU), linear("p2")}))
			require.NoError(t, err)

			streams := hybrid.SC(c.Temperature)
			if c.Variant == "psc" {
				bank := &prototype.Learnable{Weight: autograd.NewParam(load(t, c.Start["prototypes"]))}
				streams = hybrid.PSC(c.Temperature)
				streams[0].Terms[0].Loss.(*loss.PrototypicalContrastive).Bank = bank
			}
			data, err := dataset.NewMemory(dataset.Shape{Height: 1, Width: width, Channels: 1}, make([]string, net.Classes()))
			require.NoError(t, err)
			require.NoError(t, data.Append(0, make([]uint8, width)))
			r, err := Trainer{Streams: streams, Epochs: c.Epochs, LearningRate: schedule.Constant(c.LR),
				Optimizer: optim.SGD{Momentum: c.Momentum, WeightDecay: c.WeightDecay}}.start(t.Context(), net, data, nil)
			require.NoError(t, err)

			for _, s := range c.Steps {
				n, m := len(s.YFeature), len(s.YClassifier)
				images := append(s.XFeature.Float32(), s.XClassifier.Float32()...)
				x, err := tensor.FromSlice(images, n+m, 1, width, 1)
				require.NoError(t, err)
				b := &batch.Batch{Images: x, Parts: []*batch.Rows{batch.NewRows(streams[0], n/2, 0), batch.NewRows(streams[1], m, n)}}
				b.Parts[0].Labels, b.Parts[1].Labels = s.YFeature, s.YClassifier
				var got StepReport
				r.OnStep = func(s StepReport) error { got = s; return nil }
				r.at = schedule.Progress{Epoch: s.Epoch, Epochs: c.Epochs}
				require.NoError(t, r.step(b))
				require.InDelta(t, s.Alpha, got.Losses[0].Weight, 1e-12)
				require.InDelta(t, 1-s.Alpha, got.Losses[1].Weight, 1e-12)
				near(t, "feature loss", got.Losses[0].Value, s.LossFeature)
				near(t, "classifier loss", got.Losses[1].Value, s.LossClassifier)
				near(t, "loss", got.Total, s.Loss)
			}
			paths := map[string]string{"b": "backbone.0.", "c": "classifier.", "p1": "projection.0.", "p2": "projection.2."}
			end := map[string]vectortest.Tensor{}
			for name, v := range c.End {
				path := "losses.psc.prototypes.weight"
				if name != "prototypes" {
					suffix := map[byte]string{'w': "weight", 'b': "bias"}[name[len(name)-1]]
					path = paths[name[:len(name)-2]] + suffix
				}
				end[path] = v
			}
			require.Len(t, r.params, len(end))
			for _, e := range r.params {
				require.Contains(t, end, e.Path)
				vectortest.Close(t, e.Path, e.Param.Value.Data(), end[e.Path].Data, 0)
			}
		})
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	vectortest.Close(t, what, []float32{float32(got)}, []float64{want}, 0)
}
