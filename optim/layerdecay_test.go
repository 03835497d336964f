package optim_test

import (
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// of makes parameters of one value, 0, with gradient 1.
func of(paths ...string) (all []nn.Entry) {
	for _, path := range paths {
		p := autograd.NewParam(tensor.New(1))
		p.Grad = tensor.New(1)
		p.Grad.Data()[0] = 1
		all = append(all, nn.Entry{Path: path, Param: p})
	}
	return all
}

// Every layer moves by its own part of the rate.
func TestLayerDecay(t *testing.T) {
	params := of("adapter.weight", "backbone.conv1.weight", "backbone.bn1.weight", "backbone.layer1.0.conv1.weight", "backbone.layer1.0.bn1.bias",
		"backbone.layer1.1.conv1.weight", "backbone.layer2.0.conv1.weight", "classifier.weight", "losses.sc.0.weight")
	o, err := optim.LayerDecay{Rule: optim.SGD{}, Decay: 0.5}.New(params)
	require.NoError(t, err)
	o.Step(16)
	var got []float32
	for _, e := range params {
		got = append(got, -e.Param.Value.Data()[0])
	}
	require.Equal(t, []float32{16, 1, 1, 2, 2, 4, 8, 16, 16}, got, "what is not under the backbone has the whole rate, wherever it stands")

	mlp := of("body.0.weight", "body.0.bias", "body.1.weight")
	o, err = optim.LayerDecay{Rule: optim.SGD{}, Decay: 0.25, Under: "body"}.New(mlp)
	require.NoError(t, err)
	o.Step(16)
	require.Equal(t, float32(-1), mlp[1].Param.Value.Data()[0])
	require.Equal(t, float32(-4), mlp[2].Param.Value.Data()[0])
}

// State has the same names, so that a run goes on with another decay.
func TestLayerDecayKeepsNamesOfState(t *testing.T) {
	names := func(rule optim.Rule) (all []string) {
		o, err := rule.New(of("backbone.0.weight", "backbone.1.weight", "classifier.weight"))
		require.NoError(t, err)
		for _, e := range nn.Entries(o) {
			all = append(all, e.Path)
		}
		return all
	}
	sgd := optim.SGD{Momentum: 0.9}
	require.ElementsMatch(t, names(sgd), names(optim.LayerDecay{Rule: sgd, Decay: 0.5}))
}

func TestLayerDecayRefuses(t *testing.T) {
	some := of("backbone.0.weight", "classifier.weight")
	for want, rule := range map[string]optim.LayerDecay{
		"Decay is 0:":  {Rule: optim.SGD{}},
		"Decay is 1.5": {Rule: optim.SGD{}, Decay: 1.5},
		"Decay is -1":  {Rule: optim.SGD{}, Decay: -1},
		`under "body"`: {Rule: optim.SGD{}, Decay: 1, Under: "body"},
		"Rule is not":  {Decay: 1},
		"SGD.Momentum": {Rule: optim.SGD{Momentum: 2}, Decay: 1},
	} {
		_, err := rule.New(some)
		require.ErrorContains(t, err, want)
	}
}

func ExampleLayerDecay() {
	rule := optim.LayerDecay{Rule: optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}, Decay: 0.75}
	params := of("backbone.layer1.0.weight", "backbone.layer1.1.weight", "classifier.weight")
	o, err := rule.New(params)
	if err != nil {
		fmt.Println(err)
		return
	}
	o.Step(0.1)
	for _, e := range params {
		fmt.Printf("%s %.4f\n", e.Path, e.Param.Value.Data()[0])
	}
	// Output:
	// backbone.layer1.0.weight -0.0562
	// backbone.layer1.1.weight -0.0750
	// classifier.weight -0.1000
}
