package optim_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// Without an average of the gradient, a step goes by the last one alone.
func TestAdamWithoutAnAverageOfTheGradient(t *testing.T) {
	for off, rule := range map[bool]optim.Rule{true: optim.AdamW{Beta1: optim.Off}, false: optim.AdamW{}} {
		p := autograd.NewParam(tensor.Scalar(1))
		o, err := rule.New([]nn.Entry{{Path: "p", Param: p}})
		require.NoError(t, err)
		p.Grad = tensor.Scalar(1)
		o.Step(0.1)
		before := p.Value.Item()
		p.Grad.Data()[0] = 0
		o.Step(0.1)
		require.Equal(t, off, p.Value.Item() == before, "the first gradient is forgotten")
	}
}
