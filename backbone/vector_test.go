package backbone_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// spread is a recipe for the n values of a tensor: offset + scale·uniform(ordinal, i).
type spread struct {
	Name    string
	Shape   []int
	Ordinal uint64
	Scale   float64
	Offset  float64
}

// values makes the tensor: entry i of uniform is splitmix64's output mix of (ordinal·2³² + i + 1)·0x9E3779B97F4A7C15.
func (s spread) values() vectortest.Tensor {
	v := vectortest.Tensor{Shape: s.Shape, Data: make([]float64, tensor.Shape(s.Shape).Len())}
	for i := range v.Data {
		z := (s.Ordinal<<32 + uint64(i) + 1) * 0x9E3779B97F4A7C15
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		v.Data[i] = s.Offset + s.Scale*(float64(z>>11)/(1<<52)-1)
	}
	return v
}

func TestVectorResNets(t *testing.T) {
	var cases []struct {
		Model            string
		Classes          int
		Parameters       int
		Weights          []spread
		Input            spread
		Labels           []int
		Features, Logits vectortest.Tensor
		Loss             float64
		Gradients        []struct {
			Name  string
			Norm  float64
			First []float64
		}
		Eval vectortest.Tensor `json:"logits_eval_after_one_update_of_running_statistics"`
	}
	vectortest.Load(t, "resnet", &cases)
	for _, c := range cases {
		t.Run(c.Model, func(t *testing.T) {
			depth, err := strconv.Atoi(strings.TrimPrefix(c.Model, "resnet"))
			require.NoError(t, err)
			body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: depth})
			require.NoError(t, err)
			net := &classifier{body, nn.NewLinear(nn.LinearSettings{In: body.OutDim(), Out: c.Classes, Seed: 1})}
			params := map[string]nn.Entry{}
			total := 0
			for _, e := range nn.Params(net) {
				params[e.Path] = e
				total += e.Param.Value.Len()
			}
			require.Equal(t, c.Parameters, total)
			require.Len(t, params, len(c.Weights))
			for _, w := range c.Weights {
				v := w.values()
				if len(v.Shape) == 4 {
					v = v.HWIO()
				}
				require.Contains(t, params, w.Name)
				copy(params[w.Name].Param.Value.Data(), v.Float32())
			}
			raw := c.Input.values().NHWC()
			x, err := tensor.FromSlice(raw.Float32(), raw.Shape...)
			require.NoError(t, err)

			tape := autograd.NewTape(autograd.Mode{Train: true})
			f := body.Forward(tape.Const(x))
			logits := net.head.Forward(f)
			l, _ := (&loss.CrossEntropy{}).Forward(loss.Input{Logits: logits, Labels: c.Labels, Views: 1})
			vectortest.Close(t, "features", f.Data(), c.Features.Data, 0)
			vectortest.Close(t, "logits", logits.Data(), c.Logits.Data, 0)
			vectortest.Close(t, "loss", l.Data(), []float64{c.Loss}, 0)
			tape.Backward(l, nil)
			tape.Commit()
			for _, g := range c.Gradients {
				e := params[g.Name]
				v := vectortest.Tensor{Shape: e.Param.Grad.Shape(), Data: make([]float64, e.Param.Grad.Len())}
				norm := 0.0
				for i, x := range e.Param.Grad.Data() {
					v.Data[i] = float64(x)
					norm += float64(x) * float64(x)
				}
				if e.Layout == nn.HWIO {
					v = v.Permute(3, 2, 0, 1)
				}
				// Flipped signs at ReLU make single entries differ in the deep network: there norms, to 1e-2.
				relative := 1e-4
				if depth > 20 {
					relative = 1e-2
				} else {
					largest := 0.0
					for _, x := range v.Data {
						largest = math.Max(largest, math.Abs(x))
					}
					for i, want := range g.First {
						require.InDelta(t, want, v.Data[i], 1e-4*largest+1e-6, "%s[%d]", g.Name, i)
					}
				}
				require.InDelta(t, g.Norm, math.Sqrt(norm), relative*g.Norm+1e-6, g.Name)
			}

			tape.Reset(autograd.Mode{NoGrad: true})
			vectortest.Close(t, "logits in evaluation", net.Forward(tape.Const(x)).Data(), c.Eval.Data, 0)
		})
	}
}

// classifier is a ResNet with the Linear of the reference networks.
type classifier struct {
	*backbone.CIFARResNet
	head *nn.Linear
}

func (c *classifier) Forward(x *autograd.Var) *autograd.Var {
	return c.head.Forward(c.CIFARResNet.Forward(x))
}

func (c *classifier) Visit(v nn.Visitor) {
	c.CIFARResNet.Visit(v)
	v.Sub("linear", c.head)
}

// The published sizes of arXiv 1512.03385, with a 10-class Linear.
func TestResNetSizes(t *testing.T) {
	for depth, want := range map[int]int{8: 75290, 20: 269722, 32: 464154, 44: 658586, 56: 853018, 110: 1727962} {
		body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: depth})
		require.NoError(t, err)
		s, err := nn.Summarize(&classifier{body, nn.NewLinear(nn.LinearSettings{In: 64, Out: 10, Seed: 1})}, 32, 32, 3)
		require.NoError(t, err)
		require.Equal(t, want, s.Parameters)
		if depth == 32 {
			require.InDelta(t, 68.9e6, float64(s.MultiplyAdds), 0.1e6)
		}
	}
}
