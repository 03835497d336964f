package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
)

// network returns four parameters of value 2 and gradient 1; those called weight are matrices.
func network(t testing.TB) []nn.Entry {
	var all []nn.Entry
	for _, path := range []string{"backbone.conv.weight", "backbone.bn.bias", "classifier.weight", "classifier.bias"} {
		shape := []int{1}
		if path[len(path)-1] == 't' {
			shape = []int{1, 1}
		}
		p := param(t, []float32{2}, shape...)
		setGrad(t, p, 1)
		all = append(all, nn.Entry{Path: path, Param: p})
	}
	return all
}

// after returns the values after a step at rate 0.1.
func after(t testing.TB, r optim.Rule) []float64 {
	t.Helper()
	params := network(t)
	o, err := r.New(params)
	require.NoError(t, err)
	o.Step(0.1)
	var values []float64
	for _, e := range params {
		values = append(values, float64(e.Param.Value.Item()))
	}
	return values
}

// One step from p = 2 with gradient 1 at learning rate 0.1 m and weight decay w, by hand:
// SGD: p − 0.1m(1 + 2w); Adam's first step: p − 0.1m whatever the size of the gradient; AdamW: p(1 − 0.1mw) − 0.1m.
func TestGroupsByHand(t *testing.T) {
	groups := []optim.Group{
		{Match: []string{"backbone.bn"}, NoDecay: true, LearningRate: 0.5},
		{Match: []string{"backbone"}, LearningRate: 0.1, WeightDecay: 0.5},
		{Match: []string{"*.bias"}, WeightDecay: 0.25},
	}
	for name, c := range map[string]struct {
		rule optim.Rule
		want []float64
	}{
		"SGD":      {optim.SGD{WeightDecay: 1}, []float64{2 - 0.01*2, 2 - 0.05, 2 - 0.1*3, 2 - 0.1*1.5}},
		"momentum": {optim.SGD{Momentum: 0.9, WeightDecay: 1}, []float64{2 - 0.01*2, 2 - 0.05, 2 - 0.1*3, 2 - 0.1*1.5}},
		"Adam":     {optim.Adam{WeightDecay: 1}, []float64{2 - 0.01, 2 - 0.05, 2 - 0.1, 2 - 0.1}},
		"AdamW":    {optim.AdamW{WeightDecay: 1}, []float64{2*0.995 - 0.01, 2 - 0.05, 2*0.9 - 0.1, 2*0.975 - 0.1}},
	} {
		require.InDeltaSlice(t, c.want, after(t, optim.Groups{Rule: c.rule, Groups: groups}), 1e-6, name)
	}
}

// Adam with an L2 penalty differs from Adam without only when its averages have seen several gradients.
func TestGroupsOfAdamOverTwoSteps(t *testing.T) {
	for _, decay := range []float64{0, 0.5} {
		group := optim.Group{Match: []string{"p"}, LearningRate: 0.1, WeightDecay: decay, NoDecay: decay == 0}
		o, p := one(t, optim.Groups{Rule: optim.Adam{WeightDecay: 3}, Groups: []optim.Group{group}}, 2)
		x, m, s := 2.0, 0.0, 0.0
		for step, grad := range []float64{1, -3} {
			setGrad(t, p, float32(grad))
			o.Step(0.1)
			d := grad + decay*x
			m, s = 0.9*m+0.1*d, 0.999*s+0.001*d*d
			x -= 0.01 * m / (1 - math.Pow(0.9, float64(step+1))) / (math.Sqrt(s/(1-math.Pow(0.999, float64(step+1)))) + 1e-8)
		}
		require.InDelta(t, x, p.Value.Item(), 1e-6)
	}
}

func TestNoVectorDecay(t *testing.T) {
	require.InDeltaSlice(t, []float64{1.7, 1.9, 1.7, 1.9}, after(t, optim.Groups{Rule: optim.SGD{WeightDecay: 1}, NoVectorDecay: true}), 1e-6)
	g := optim.Groups{Rule: optim.SGD{WeightDecay: 1}, NoVectorDecay: true,
		Groups: []optim.Group{{Match: []string{"classifier"}, WeightDecay: 2, LearningRate: 2}}}
	require.InDeltaSlice(t, []float64{1.7, 1.9, 2 - 0.2*5, 1.8}, after(t, g), 1e-6)
}

func TestWithoutGroupsTheRuleDecides(t *testing.T) {
	for name, rule := range rules {
		require.Equal(t, after(t, rule), after(t, optim.Groups{Rule: rule}), name)
	}
}

func TestGroupsKeepTheNamesOfTheState(t *testing.T) {
	for name, rule := range rules {
		names := func(r optim.Rule) (paths []string) {
			o, err := r.New(network(t))
			require.NoError(t, err)
			for _, e := range nn.Entries(o) {
				paths = append(paths, e.Path)
			}
			return slices.Sorted(slices.Values(paths))
		}
		require.Equal(t, names(rule), names(optim.Groups{Rule: rule, NoVectorDecay: true,
			Groups: []optim.Group{{Match: []string{"classifier"}, LearningRate: 10}}}), name)
	}
}

func TestGroupsThatMakeNoSense(t *testing.T) {
	group := func(g ...optim.Group) optim.Groups { return optim.Groups{Rule: optim.SGD{}, Groups: g} }
	backbone := []string{"backbone"}
	for want, g := range map[string]optim.Groups{
		"optim: Groups.Rule is not set: it says how parameters change, as SGD{Momentum: 0.9} does": {},
		"optim: SGD.Momentum is 2: it must be at least 0 and below 1":                              {Rule: optim.SGD{Momentum: 2}},
		"optim: Groups[0] has no pattern: Match says which parameters are its own":                 group(optim.Group{}),
		`optim: Groups[1] matches no parameter with "head": their paths go from "backbone.conv.weight" to "classifier.bias", see nn.Params`: group(
			optim.Group{Match: backbone}, optim.Group{Match: []string{"classifier", "head"}}),
		`optim: Groups[1] ["**.bn"] matches only what earlier groups have: the first match wins, so put the narrower group first`: group(
			optim.Group{Match: backbone}, optim.Group{Match: []string{"**.bn"}}),
		`optim: Groups[0]: nn: the pattern "a..b" has an empty name: names are joined by single dots, and ** matches everything`: group(
			optim.Group{Match: []string{"a..b"}}),
		"optim: Groups[0].LearningRate is -1: it must be finite and at least 0": group(optim.Group{Match: backbone, LearningRate: -1}),
		"optim: Groups[0].WeightDecay is NaN: it must be finite and at least 0": group(optim.Group{Match: backbone, WeightDecay: math.NaN()}),
		"optim: Groups[0] has WeightDecay 0.1 and NoDecay: choose one of them":  group(optim.Group{Match: backbone, WeightDecay: 0.1, NoDecay: true}),
		"optim: Groups[0] sets the weight decay, which optim_test.signs does not allow: give it the method WithWeightDecay": {
			Rule: signs{}, Groups: []optim.Group{{Match: backbone, NoDecay: true}}},
		"optim: Groups.NoVectorDecay sets the weight decay, which optim_test.signs does not allow: give it the method WithWeightDecay": {
			Rule: signs{}, NoVectorDecay: true},
	} {
		o, err := g.New(network(t))
		require.EqualError(t, err, want)
		require.Nil(t, o)
	}
	_, err := group(optim.Group{Match: backbone}).New(nil)
	require.EqualError(t, err, `optim: Groups[0] matches no parameter with "backbone": there is none`)
	twice := append(network(t), network(t)[0])
	twice[4].Param = twice[0].Param
	_, err = group(optim.Group{Match: backbone}).New(twice)
	require.ErrorContains(t, err, "are one parameter, which must be given once")
}

// signs is a rule of another's making, without weight decay.
type signs struct{}

func (signs) New(params []nn.Entry) (optim.Optimizer, error) { return signed(params), nil }

type signed []nn.Entry

func (s signed) Step(lr float64) {
	for _, e := range s {
		v := e.Param.Value.Data()
		for i, g := range e.Param.Grad.Data() {
			v[i] -= float32(math.Copysign(lr, float64(g)))
		}
	}
}

func (signed) Visit(nn.Visitor) {}

func TestGroupsOfARuleOfOnesOwn(t *testing.T) {
	g := optim.Groups{Rule: signs{}, Groups: []optim.Group{{Match: []string{"classifier"}, LearningRate: 10}}}
	require.InDeltaSlice(t, []float64{1.9, 1.9, 1, 1}, after(t, g), 1e-6)
}

// Each parameter moves as if it were alone under the settings of its group.
func TestParametersOfGroupsMoveAsIfAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var g optim.Groups
		of := map[string]optim.Group{}
		params := network(t)
		for _, path := range []string{"classifier.bias", "backbone"} {
			group := optim.Group{Match: []string{path}, LearningRate: rapid.Float64Range(0.01, 10).Draw(rt, "rate"),
				WeightDecay: rapid.Float64Range(0.01, 1).Draw(rt, "decay")}
			g.Groups = append(g.Groups, group)
			for _, e := range params {
				if ok, _ := nn.MatchPath(path, e.Path); ok {
					of[e.Path] = group
				}
			}
		}
		bases := []optim.Decayer{optim.SGD{Momentum: 0.9, WeightDecay: 0.1}, optim.Adam{}, optim.AdamW{WeightDecay: 0.1}}
		base := rapid.SampledFrom(bases).Draw(rt, "rule")
		g.Rule = base
		together, err := g.New(params)
		require.NoError(rt, err)
		var want []float32
		for _, e := range params {
			rule, rate := optim.Rule(base), 1.0
			if group, ok := of[e.Path]; ok {
				rule, rate = base.WithWeightDecay(group.WeightDecay), group.LearningRate
			}
			alone, p := one(t, rule, 2)
			for i := range 3 {
				setGrad(t, p, float32(i)-0.5)
				alone.Step(0.1 * rate)
			}
			want = append(want, p.Value.Item())
		}
		for i := range 3 {
			for _, e := range params {
				setGrad(t, e.Param, float32(i)-0.5)
			}
			together.Step(0.1)
		}
		for i, e := range params {
			require.Equal(rt, want[i], e.Param.Value.Item(), "%s %v", e.Path, base)
		}
	})
}

func TestGroupsAllocateNothingInAStep(t *testing.T) {
	o, err := optim.Groups{Rule: optim.AdamW{}, NoVectorDecay: true}.New(network(t))
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(10, func() { o.Step(0.1) }))
}
