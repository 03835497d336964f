package loss_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The zero value of a setting is the paper's value, and Off is 0 where the formula has a meaning for it.
func TestZeroSettingsAreThePapers(t *testing.T) {
	counts, labels := []int{50, 20, 5}, []int{0, 1, 2, 2}
	z, logits := unitTensor(3, 4, 6), gradtest.Normal(2, 3, 4, 3)
	value := func(l loss.Loss) float32 {
		if p, ok := l.(loss.Preparer); ok {
			require.NoError(t, p.Prepare(counts))
		}
		tape := autograd.NewTape(autograd.Mode{Seed: 4})
		y, _ := l.Forward(loss.Input{Embedding: tape.Const(z), Logits: tape.Const(logits), Labels: labels, Views: 2})
		return y.Value().Item()
	}
	q, err := loss.NewQueue(8, 6)
	require.NoError(t, err)
	q.Add(tensor.New(8, 6), []int{2, 2, 2, 2, 2, 2, 2, 2})
	b := bank(t, 3, 6)
	kcl := func(tau float64, positives int) loss.KCL {
		return loss.KCL{Queue: q, Temperature: tau, Positives: positives, WithoutMomentum: true}
	}
	k, k6, k0 := kcl(0, 0), kcl(0.07, 6), kcl(0, loss.Off)
	for name, c := range map[string]struct{ zero, paper, changed loss.Loss }{
		"focal":          {&loss.Focal{}, &loss.Focal{Gamma: 2}, &loss.Focal{Gamma: loss.Off}},
		"class-balanced": {&loss.ClassBalanced{}, &loss.ClassBalanced{Beta: 0.9999}, &loss.ClassBalanced{Beta: loss.Off}},
		"logit-adjusted": {&loss.LogitAdjusted{}, &loss.LogitAdjusted{Tau: 1}, &loss.LogitAdjusted{Tau: loss.Off}},
		"vector-scaling": {&loss.VectorScaling{}, &loss.VectorScaling{Gamma: 0.3, Tau: 1}, &loss.VectorScaling{Tau: loss.Off}},
		"LDAM":           {&loss.LDAM{}, &loss.LDAM{MaxMargin: 0.5, Scale: 30}, &loss.LDAM{MaxMargin: loss.Off}},
		"LDAM, late":     {&loss.LDAM{Reweight: true}, &loss.LDAM{Reweight: true, Beta: 0.9999}, &loss.LDAM{Reweight: true, Beta: loss.Off}},
		"SC":             {&loss.SupervisedContrastive{}, &loss.SupervisedContrastive{Temperature: 0.1}, &loss.SupervisedContrastive{Temperature: 1}},
		"PSC":            {&loss.PrototypicalContrastive{Bank: b}, &loss.PrototypicalContrastive{Bank: b, Temperature: 1}, &loss.PrototypicalContrastive{Bank: b, Temperature: 0.1}},
		"multi":          {&loss.MultiPrototypicalContrastive{Bank: b}, &loss.PrototypicalContrastive{Bank: b, Temperature: 1}, &loss.MultiPrototypicalContrastive{Bank: b, Temperature: 0.1}},
		"BCL":            {&loss.BalancedContrastive{Bank: b}, &loss.BalancedContrastive{Bank: b, Temperature: 0.1}, &loss.BalancedContrastive{Bank: b, Temperature: 1}},
		"KCL":            {&k, &k6, &k0},
		"TSC":            {&loss.TSC{KCL: k, Targets: b}, &loss.TSC{KCL: k6, Targets: b, TargetWeight: 0.2}, &loss.TSC{KCL: k, Targets: b, TargetWeight: loss.Off}},
		"PaCo": {&loss.PaCo{WithoutMomentum: true}, &loss.PaCo{WithoutMomentum: true, Temperature: 0.05, CenterTemperature: 1, Alpha: 0.01},
			&loss.PaCo{WithoutMomentum: true, Alpha: loss.Off}},
	} {
		require.InDelta(t, value(c.paper), value(c.zero), 1e-6, name)
		require.NotEqual(t, value(c.zero), value(c.changed), name)
	}
	require.InDelta(t, value(&loss.CrossEntropy{}), value(&loss.Focal{Gamma: loss.Off}), 1e-6)
	require.InDelta(t, value(&loss.CrossEntropy{}), value(&loss.LogitAdjusted{Tau: loss.Off}), 1e-6)
	require.InDelta(t, value(&loss.CrossEntropy{}), value(&loss.ClassBalanced{Beta: loss.Off}), 1e-6)

	many := bank(t, 11, 6)
	counts = make([]int, 11)
	require.Equal(t, value(&loss.PrototypicalContrastive{Bank: many, Temperature: 0.1}), value(&loss.PrototypicalContrastive{Bank: many}),
		"the paper's temperature depends on the number of classes")
}
