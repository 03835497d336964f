package optim_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
)

var rules = map[string]optim.Rule{
	"plain SGD":    optim.SGD{WeightDecay: 0.1},
	"SGD":          optim.SGD{Momentum: 0.9, WeightDecay: 0.1},
	"nesterov SGD": optim.SGD{Momentum: 0.9, Nesterov: true},
	"Adam":         optim.Adam{WeightDecay: 0.1},
	"AdamW":        optim.AdamW{WeightDecay: 0.1},
}

// one returns an optimizer of one parameter that holds v.
func one(t testing.TB, r optim.Rule, v ...float32) (optim.Optimizer, *autograd.Param) {
	t.Helper()
	p := param(t, v, len(v))
	o, err := r.New([]nn.Entry{{Path: "p", Param: p}})
	require.NoError(t, err)
	return o, p
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, r := range map[string]optim.Rule{
		"optim: SGD.Momentum is -0.1: it must be at least 0 and below 1":        optim.SGD{Momentum: -0.1},
		"optim: SGD.Momentum is 1: it must be at least 0 and below 1":           optim.SGD{Momentum: 1},
		"optim: SGD.Momentum is NaN: it must be at least 0 and below 1":         optim.SGD{Momentum: nan},
		"optim: SGD.WeightDecay is -1: it must be finite and at least 0":        optim.SGD{WeightDecay: -1},
		"optim: SGD.Nesterov needs momentum: set SGD.Momentum, commonly to 0.9": optim.SGD{Nesterov: true},
		"optim: Adam.Beta1 is 1.5: it must be at least 0 and below 1":           optim.Adam{Beta1: 1.5},
		"optim: Adam.Beta2 is NaN: it must be at least 0 and below 1":           optim.Adam{Beta2: nan},
		"optim: AdamW.Epsilon is -1e-08: it must be finite and at least 0":      optim.AdamW{Epsilon: -1e-8},
		"optim: AdamW.WeightDecay is +Inf: it must be finite and at least 0":    optim.AdamW{WeightDecay: inf},
		"optim: Adam.WeightDecay is NaN: it must be finite and at least 0":      optim.Adam{WeightDecay: nan},
		"optim: SGD.Momentum is 2: it must be at least 0 and below 1\n" +
			"optim: SGD.WeightDecay is NaN: it must be finite and at least 0": optim.SGD{Momentum: 2, WeightDecay: nan},
	} {
		o, err := r.New(nil)
		require.EqualError(t, err, want)
		require.Nil(t, o)
	}
}

func TestZeroSettingsAreTheUsualOnes(t *testing.T) {
	for _, same := range [][2]optim.Rule{
		{optim.Adam{}, optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}},
		{optim.AdamW{}, optim.AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}},
		{optim.MaxNorm{Rule: optim.SGD{}}, optim.MaxNorm{Rule: optim.SGD{}, Share: 0.1}},
	} {
		var ends [][]float32
		for _, r := range same {
			p := param(t, []float32{1, 2, 3, 4}, 2, 2)
			o, err := r.New([]nn.Entry{{Path: "p", Param: p}})
			require.NoError(t, err)
			for _, g := range []float32{1e-8, 3, -2} { // the first is no larger than Epsilon
				setGrad(t, p, g, 2*g, 3*g, -g)
				o.Step(0.1)
			}
			ends = append(ends, p.Value.Data())
		}
		require.Equal(t, ends[1], ends[0], "%T", same[0])
	}
}

func TestEntriesThatAreNotDistinctParameters(t *testing.T) {
	p := autograd.NewParam(tensor.New(2))
	for name, r := range rules {
		_, err := r.New([]nn.Entry{{Path: "bn.running_mean", Buffer: tensor.New(2)}})
		require.EqualError(t, err, `optim: "bn.running_mean" is not a parameter: take the entries from nn.Params`, name)
		_, err = r.New([]nn.Entry{{Path: "a", Param: p}, {Path: "b", Param: p}})
		require.EqualError(t, err,
			`optim: "a" and "b" are one parameter, which must be given once: take the entries from nn.Params`, name)
	}
}

func TestFrozenAndUnreachedParametersStay(t *testing.T) {
	for name, r := range rules {
		frozen, unreached, free := param(t, []float32{1, 2}, 2), param(t, []float32{3}, 1), param(t, []float32{4}, 1)
		frozen.Frozen = true
		o, err := r.New([]nn.Entry{{Path: "frozen", Param: frozen}, {Path: "unreached", Param: unreached},
			{Path: "free", Param: free}})
		require.NoError(t, err)
		setGrad(t, frozen, 1, 1)
		setGrad(t, free, 1)
		o.Step(0.1)
		require.Equal(t, []float32{1, 2}, frozen.Value.Data(), name)
		require.Equal(t, []float32{3}, unreached.Value.Data(), name)
		require.Less(t, free.Value.Item(), float32(4), name)

		// The first step that it does take is a first step.
		frozen.Frozen = false
		other, twin := one(t, r, 1, 2)
		setGrad(t, twin, 1, 1)
		o.Step(0.1)
		other.Step(0.1)
		require.Equal(t, twin.Value.Data(), frozen.Value.Data(), name)
	}
}

func TestAZeroGradientStillDecays(t *testing.T) {
	o, p := one(t, optim.SGD{WeightDecay: 0.5}, 2)
	setGrad(t, p, 0)
	o.Step(0.1)
	require.InDelta(t, 1.9, p.Value.Item(), 1e-6)

	o, p = one(t, optim.AdamW{WeightDecay: 0.5}, 2)
	setGrad(t, p, 0)
	o.Step(0.1)
	require.InDelta(t, 1.9, p.Value.Item(), 1e-6)

	o, p = one(t, optim.Adam{WeightDecay: 0.5}, 2) // the decay is all of the gradient, whose size Adam divides out
	setGrad(t, p, 0)
	o.Step(0.1)
	require.InDelta(t, 1.9, p.Value.Item(), 1e-6)
}

func TestStepKeepsTheGradient(t *testing.T) {
	for name, r := range rules {
		o, p := one(t, r, 1, 2, 3)
		setGrad(t, p, 4, 5, 6)
		o.Step(0.1)
		require.Equal(t, []float32{4, 5, 6}, p.Grad.Data(), name)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for name, r := range rules {
		o, p := one(t, r, make([]float32, 1000)...)
		setGrad(t, p, make([]float32, 1000)...)
		params := []nn.Entry{{Path: "p", Param: p}}
		require.Zero(t, testing.AllocsPerRun(10, func() {
			o.Step(0.1)
			optim.ClipNorm(params, 1)
			optim.ZeroGrad(params)
		}), name)
	}
}

func TestNoParametersAndEmptyOnes(t *testing.T) {
	for name, r := range rules {
		o, err := r.New(nil)
		require.NoError(t, err, name)
		o.Step(1)
		require.Empty(t, nn.Entries(o), name)
		o, p := one(t, r)
		setGrad(t, p)
		o.Step(1)
		require.Zero(t, p.Value.Len(), name)
	}
}

func TestGradientOfAnotherShape(t *testing.T) {
	for want, r := range map[string]optim.Rule{
		"optim.SGD (p) [2], [3]: parameter and gradient differ in shape":   optim.SGD{},
		"optim.Adam (p) [2], [3]: parameter and gradient differ in shape":  optim.Adam{},
		"optim.AdamW (p) [2], [3]: parameter and gradient differ in shape": optim.AdamW{},
	} {
		o, p := one(t, r, 1, 2)
		p.Grad = tensor.New(3)
		require.EqualError(t, tensor.Try(func() error { o.Step(1); return nil }), want)
	}
}

func TestNaNAndInfinityReachTheParameter(t *testing.T) {
	for name, r := range rules {
		o, p := one(t, r, 1, 2)
		setGrad(t, p, float32(math.NaN()), 1)
		o.Step(0.1)
		require.True(t, math.IsNaN(float64(p.Value.Data()[0])), name)
		require.False(t, math.IsNaN(float64(p.Value.Data()[1])), name)
	}
}

func TestStateIsVisitedUnderTheParametersPaths(t *testing.T) {
	paths := func(r optim.Rule) (all []string) {
		p, q := param(t, []float32{1, 2}, 1, 2), param(t, []float32{1}, 1)
		o, err := r.New([]nn.Entry{{Path: "fc.weight", Param: p}, {Path: "fc.bias", Param: q}})
		require.NoError(t, err)
		for _, e := range nn.Entries(o) {
			require.Nil(t, e.Param, "an optimizer has no parameters of its own")
			if strings.HasSuffix(e.Path, "weight") && e.Buffer != nil {
				require.Equal(t, tensor.Shape{1, 2}, e.Buffer.Shape())
			}
			all = append(all, e.Path)
		}
		return all
	}
	require.Empty(t, paths(optim.SGD{}))
	require.Equal(t, []string{"momentum.fc.weight", "momentum.fc.bias"}, paths(optim.SGD{Momentum: 0.9}))
	adam := []string{"mean.fc.weight", "square.fc.weight", "steps.fc.weight",
		"mean.fc.bias", "square.fc.bias", "steps.fc.bias"}
	require.Equal(t, adam, paths(optim.Adam{}))
	require.Equal(t, adam, paths(optim.AdamW{}))
}

// A run that stops after two steps and goes on with the visited state in a new optimizer gives the same bits.
func TestResumingFromVisitedState(t *testing.T) {
	grads := [][]float32{{1, -2}, {0.5, 3}, {-1, 0.25}, {2, 2}}
	for name, r := range rules {
		through, p := one(t, r, 1, 2)
		for _, g := range grads {
			setGrad(t, p, g...)
			through.Step(0.1)
		}
		first, q := one(t, r, 1, 2)
		for _, g := range grads[:2] {
			setGrad(t, q, g...)
			first.Step(0.1)
		}
		second, rest := one(t, r, q.Value.Data()...)
		to := nn.Entries(second)
		for i, e := range nn.Entries(first) {
			require.Equal(t, e.Path, to[i].Path)
			if e.Buffer != nil {
				to[i].Buffer.CopyFrom(e.Buffer)
				continue
			}
			raw, err := e.State.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, []byte{2, 0, 0, 0, 0, 0, 0, 0}, raw)
			require.NoError(t, to[i].State.UnmarshalBinary(raw))
		}
		for _, g := range grads[2:] {
			setGrad(t, rest, g...)
			second.Step(0.1)
		}
		require.Equal(t, p.Value.Data(), rest.Value.Data(), name)
	}
}

func TestStepCountOfSomethingElse(t *testing.T) {
	o, _ := one(t, optim.Adam{}, 1)
	entries := nn.Entries(o)
	at := slices.IndexFunc(entries, func(e nn.Entry) bool { return e.State != nil })
	require.EqualError(t, entries[at].State.UnmarshalBinary([]byte{1, 2}),
		"optim: a step count has 8 bytes, not 2: this is the state of something else")
}

func TestZeroGrad(t *testing.T) {
	_, p := one(t, optim.SGD{}, 1, 2)
	params := []nn.Entry{{Path: "p", Param: p}}
	optim.ZeroGrad(params)
	require.Nil(t, p.Grad)
	setGrad(t, p, 3, 4)
	optim.ZeroGrad(params)
	require.Equal(t, []float32{0, 0}, p.Grad.Data())
}
