package loss_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// columnLosses are for the given counts and embeddings of the given width; their queues hold filled rows.
func columnLosses(t *testing.T, tau float64, counts []int, dim, filled int) map[string]loss.Loss {
	labels := make([]int, filled)
	for i := range labels {
		labels[i] = i % len(counts)
	}
	queue := func() *loss.Queue {
		q, _ := queueOf(t, 16, dim, labels)
		return q
	}
	b := bank(t, len(counts), dim)
	all := map[string]loss.Loss{
		"BCL":   &loss.BalancedContrastive{Bank: b, Temperature: tau},
		"KCL":   &loss.KCL{Queue: queue(), Temperature: tau},
		"TSC":   &loss.TSC{KCL: loss.KCL{Queue: queue(), Temperature: tau}, Targets: b},
		"PaCo":  &loss.PaCo{Queue: queue(), Temperature: tau},
		"GPaCo": &loss.PaCo{Queue: queue(), Temperature: tau, WithoutMomentum: true},
	}
	if len(counts) > 1 {
		all["multi"] = &loss.MultiPrototypicalContrastive{Bank: b, PerClass: 1, Temperature: tau}
	}
	for _, l := range all {
		require.NoError(t, l.(loss.Preparer).Prepare(counts))
	}
	return all
}

// runColumns is run for losses that read logits and keys too: rows of two views of each sample.
func runColumns(t *testing.T, l loss.Loss, x *tensor.Tensor, labels []int, classes int) (float64, loss.Stats, []float32) {
	p := autograd.NewParam(x)
	tape := autograd.NewTape(autograd.Mode{Train: true})
	in := loss.Input{Embedding: nn.L2Normalize(tape.Param(p)), Labels: labels, Views: 1}
	if l.Needs().Logits {
		in.Logits = tape.Const(gradtest.Normal(4, 1, len(labels), classes))
	}
	if l.Needs().Keys {
		in.Keys = unitTensor(5, len(labels), x.Dim(1))
	}
	y, stats := l.Forward(in)
	tape.Backward(y, nil)
	tape.Commit()
	if p.Grad == nil {
		return float64(y.Value().Item()), stats, make([]float32, x.Len())
	}
	return float64(y.Value().Item()), stats, p.Grad.Data()
}

func TestColumnLossesOnDegenerateInputs(t *testing.T) {
	nan := float32(math.NaN())
	for _, filled := range []int{0, 16} {
		for name, l := range columnLosses(t, 0.1, []int{9, 2, 1}, 4, filled) {
			v, stats, _ := runColumns(t, l, tensor.New(0, 4), nil, 3)
			require.Zero(t, v, name)
			require.Equal(t, loss.Stats{}, stats, name)

			v, stats, g := runColumns(t, l, gradtest.Normal(1, 1, 1, 4), []int{2}, 3)
			require.False(t, math.IsNaN(v), name)
			require.Equal(t, loss.Stats{Anchors: 1}, stats, name)
			finite(t, g)

			x := gradtest.Normal(1, 1, 4, 4)
			clear(x.Data()[4:8])
			v, stats, g = runColumns(t, l, x, []int{0, 0, 1, 2}, 3)
			require.False(t, math.IsNaN(v), name)
			require.Equal(t, loss.Stats{Anchors: 4, ZeroRows: 1}, stats, name)
			finite(t, g)
			require.Equal(t, make([]float32, 4), g[4:8], "a row of norm 0 gets no gradient")

			x.Data()[4] = nan
			v, _, _ = runColumns(t, l, x, []int{0, 0, 1, 2}, 3)
			require.True(t, math.IsNaN(v), name)
		}
		for name, l := range columnLosses(t, 1e-4, []int{9, 2, 1}, 4, filled) {
			v, _, g := runColumns(t, l, gradtest.Normal(1, 100, 6, 4), []int{0, 0, 1, 1, 2, 2}, 3)
			require.False(t, math.IsNaN(v) || math.IsInf(v, 0), name)
			finite(t, g)
		}
		for name, l := range columnLosses(t, 0.1, []int{9}, 4, filled) { // one class
			v, stats, g := runColumns(t, l, gradtest.Normal(1, 1, 3, 4), []int{0, 0, 0}, 1)
			require.False(t, math.IsNaN(v), name)
			require.Equal(t, 3, stats.Anchors)
			finite(t, g)
		}
	}
}

// One view, an empty queue: nothing to be near to.
func TestKCLWithoutAnyPositiveIsZero(t *testing.T) {
	q, err := loss.NewQueue(8, 3)
	require.NoError(t, err)
	l := &loss.KCL{Queue: q, Temperature: 0.1, WithoutMomentum: true}
	v, stats, g := runColumns(t, l, gradtest.Normal(1, 1, 4, 3), []int{0, 1, 2, 3}, 4)
	require.Zero(t, v)
	require.Equal(t, loss.Stats{Skipped: 4}, stats)
	require.Equal(t, make([]float32, 12), g)
	v, stats, g = runColumns(t, l, gradtest.Normal(2, 1, 2, 3), []int{0, 9}, 4) // the queue holds 0 to 3 now
	require.Greater(t, v, 0.0)
	require.Equal(t, loss.Stats{Anchors: 1, Skipped: 1}, stats)
	require.Equal(t, make([]float32, 3), g[3:])
}

func TestColumnSettingsAreChecked(t *testing.T) {
	q, err := loss.NewQueue(2, 2)
	require.NoError(t, err)
	for want, l := range map[string]loss.Preparer{
		"loss: KCL: Queue is nil: set one by loss.NewQueue":                                                   &loss.KCL{Temperature: 1},
		"loss: KCL: Temperature -1 must be finite and above 0 (0 means the paper's 0.07)":                     &loss.KCL{Queue: q, Temperature: -1},
		"loss: KCL: Positives -2 must be finite and above 0, or loss.Off for 0 (0 means the paper's 6)":       &loss.KCL{Queue: q, Temperature: 1, Positives: -2},
		"loss: TSC: Queue is nil: set one by loss.NewQueue":                                                   &loss.TSC{},
		"loss: TSC: Targets is nil: set prototypes of package prototype":                                      &loss.TSC{KCL: loss.KCL{Queue: q, Temperature: 1}},
		"loss: TSC: Targets has 5 prototypes, 3 classes take 3":                                               &loss.TSC{KCL: loss.KCL{Queue: q, Temperature: 1}, Targets: bank(t, 5, 2)},
		"loss: TSC: TargetWeight NaN must be finite and above 0, or loss.Off for 0 (0 means the paper's 0.2)": &loss.TSC{KCL: loss.KCL{Queue: q, Temperature: 1}, TargetWeight: math.NaN()},
		"loss: balanced contrastive: Temperature -1 must be finite and above 0 (0 means the paper's 0.1)":     &loss.BalancedContrastive{Bank: bank(t, 3, 2), Temperature: -1},
		"loss: balanced contrastive: Bank is nil: set prototypes of package prototype":                        &loss.BalancedContrastive{Temperature: 1},
		"loss: balanced contrastive: Bank has 5 prototypes, 3 classes take 3":                                 &loss.BalancedContrastive{Bank: bank(t, 5, 2), Temperature: 1},
		"loss: PaCo: Temperature NaN must be finite and above 0 (0 means the paper's 0.05 on CIFAR)":          &loss.PaCo{Temperature: math.NaN()},
		"loss: PaCo: CenterTemperature -1 must be finite and above 0 (0 means the paper's 1)":                 &loss.PaCo{Temperature: 1, CenterTemperature: -1},
		"loss: PaCo: Alpha -0.01 must be finite and above 0, or loss.Off for 0 (0 means the paper's 0.01)":    &loss.PaCo{Temperature: 1, Alpha: -0.01},
		"loss: PaCo: Smoothing 1 must be in [0, 1)":                                                           &loss.PaCo{Temperature: 1, Smoothing: 1},
		"loss: multi-prototype contrastive: PerClass -1 must be at least 1, or 0 for 1":                       &loss.MultiPrototypicalContrastive{PerClass: -1},
		"loss: multi-prototype contrastive: Bank is nil: set prototypes of package prototype":                 &loss.MultiPrototypicalContrastive{Temperature: 1, PerClass: 2},
		"loss: multi-prototype contrastive: Bank has 5 prototypes, 3 classes take 6":                          &loss.MultiPrototypicalContrastive{Temperature: 1, PerClass: 2, Bank: bank(t, 5, 2)},
	} {
		require.EqualError(t, l.Prepare([]int{5, 2, 1}), want)
	}
	require.EqualError(t, (&loss.MultiPrototypicalContrastive{Temperature: 1, PerClass: 1, Bank: bank(t, 1, 2)}).Prepare([]int{4}),
		"loss: multi-prototype contrastive: 1 class: there must be another class to contrast with")
}

func TestColumnMisusePanicsWithTensorError(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	z, logits := tape.Const(tensor.New(2, 3)), tape.Const(tensor.New(2, 4))
	q, err := loss.NewQueue(2, 5)
	require.NoError(t, err)
	kcl := func(own bool) *loss.KCL { return &loss.KCL{Queue: q, Temperature: 1, WithoutMomentum: own} }
	paco := prepared(t, &loss.PaCo{Temperature: 1, WithoutMomentum: true}, []int{3, 2, 0, 1})
	mix := &loss.Mix{Labels: []int{0, 1}, Weight: []float32{1, 1}}
	noForm := ": has no form for mixed samples: give the term views that are not mixed, or use cross-entropy"
	learnable := func(rows, dim int) prototype.Bank { return bank(t, rows, dim) }
	for want, fn := range map[string]func(){
		"loss.KCL: Keys were not computed: they need a momentum encoder; with WithoutMomentum the network's own embeddings take their place": func() {
			kcl(false).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Views: 1})
		},
		"loss.KCL: has Keys, though WithoutMomentum says that there are none": func() {
			kcl(true).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Views: 1, Keys: tensor.New(2, 3)})
		},
		"loss.KCL [2 3], [3 3]: Keys must be whole views of the 2 samples, as wide as the embeddings": func() {
			kcl(false).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Views: 1, Keys: tensor.New(3, 3)})
		},
		"loss.KCL [2]: Views is 0: it must divide the rows": func() {
			kcl(true).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}})
		},
		"loss.KCL [2 3], [0 5]: embeddings and the queue's rows differ in width": func() {
			kcl(true).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Views: 2})
		},
		"loss.KCL" + noForm: func() {
			kcl(true).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Views: 1, Mix: mix})
		},
		"loss.TSC: loss: TSC: Queue is nil: set one by loss.NewQueue": func() {
			(&loss.TSC{}).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Views: 1})
		},
		"loss.BalancedContrastive [2]: label 4 of row 1 is not one of 4 classes": func() {
			(&loss.BalancedContrastive{Bank: learnable(4, 3), Temperature: 1}).Forward(loss.Input{Embedding: z, Labels: []int{0, 4}})
		},
		"loss.BalancedContrastive [2 3], [4 7]: embeddings and centres differ in width": func() {
			(&loss.BalancedContrastive{Bank: learnable(4, 7), Temperature: 1}).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}})
		},
		"loss.BalancedContrastive" + noForm: func() {
			(&loss.BalancedContrastive{Bank: learnable(4, 3), Temperature: 1}).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}, Mix: mix})
		},
		"loss.PaCo: Prepare was given the counts of 0 classes, the input has 4": func() {
			(&loss.PaCo{Temperature: 1}).Forward(loss.Input{Embedding: z, Logits: logits, Labels: []int{0, 1}, Views: 1})
		},
		"loss.PaCo [2]: label 2 of row 1 is of a class that has no training images by the counts of Prepare": func() {
			paco.Forward(loss.Input{Embedding: z, Logits: logits, Labels: []int{0, 2}, Views: 1})
		},
		"loss.PaCo" + noForm: func() {
			paco.Forward(loss.Input{Embedding: z, Logits: logits, Labels: []int{0, 1}, Views: 1, Mix: mix})
		},
		"loss.MultiPrototypicalContrastive: loss: multi-prototype contrastive: Bank has 5 prototypes, 2 classes take 4": func() {
			(&loss.MultiPrototypicalContrastive{Bank: learnable(5, 3), PerClass: 2, Temperature: 1}).Forward(loss.Input{Embedding: z, Labels: []int{0, 1}})
		},
	} {
		require.EqualError(t, tensor.Try(func() error { fn(); return nil }), want)
	}
}
