package posthoc_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The experts' mean is what the head gives, and weights make it another.
func TestExpertsOfAHead(t *testing.T) {
	x := gradtest.Normal(1, 1, 6, 12)
	head := nn.NewLinear(nn.LinearSettings{In: 12, Out: 4, Seed: 2})
	copy(head.Bias.Value.Data(), []float32{1, -1, 2, 0.5})
	each, err := posthoc.ExpertLogits(head, x, 3)
	require.NoError(t, err)
	require.Len(t, each, 3)
	mean, err := posthoc.Logits(head, x)
	require.NoError(t, err)
	weighed, err := posthoc.WeighExperts(head, []float64{1, 0, 3})
	require.NoError(t, err)
	other, err := posthoc.Logits(weighed, x)
	require.NoError(t, err)
	for i := range mean.Data() {
		require.InDelta(t, (each[0].Data()[i]+each[1].Data()[i]+each[2].Data()[i])/3, mean.Data()[i], 1e-5)
		require.InDelta(t, 0.25*each[0].Data()[i]+0.75*each[2].Data()[i], other.Data()[i], 1e-5)
	}
	same, err := posthoc.WeighExperts(head, []float64{2, 2, 2})
	require.NoError(t, err)
	require.InDeltaSlice(t, head.Weight.Value.Data(), same.Weight.Value.Data(), 1e-6)
	require.NotSame(t, head.Bias, same.Bias)

	cosines, err := posthoc.ExpertLogits(nn.NewCosine(nn.CosineSettings{In: 12, Classes: 4, Groups: 3, Seed: 1}), x, 3)
	require.NoError(t, err)
	for _, e := range cosines {
		for _, v := range e.Data() {
			require.LessOrEqual(t, v*v, float32(1.0001))
		}
	}
}

// views are logits of two views by three experts of five classes: the second agrees with itself, the others don't.
func views(rows int) (first, second []*tensor.Tensor) {
	rng := rand.New(rand.NewPCG(1, 2))
	for e := range 3 {
		a, b := tensor.New(rows, 5), tensor.New(rows, 5)
		for i := range a.Data() {
			own := 3 * rng.NormFloat64()
			a.Data()[i], b.Data()[i] = float32(own), float32(own)
			if e != 1 {
				b.Data()[i] = float32(3 * rng.NormFloat64())
			}
		}
		first, second = append(first, a), append(second, b)
	}
	return first, second
}

func TestAggregationFindsTheExpertThatAgreesWithItself(t *testing.T) {
	first, second := views(600)
	a := posthoc.Aggregation{Epochs: 40, LearningRate: 0.2, Least: 1e-9, Seed: 3}
	w, err := a.Learn(t.Context(), first, second)
	require.NoError(t, err)
	require.Greater(t, w[1], 0.7)
	require.InDelta(t, 1, w[0]+w[1]+w[2], 1e-9)
	again, err := a.Learn(t.Context(), first, second)
	require.NoError(t, err)
	require.Equal(t, w, again)

	a.Least = 0.2 // ends where the others have lost enough
	early, err := a.Learn(t.Context(), first, second)
	require.NoError(t, err)
	require.Less(t, early[1], w[1])
	require.Less(t, min(early[0], early[2]), 0.2)

	w, err = posthoc.Aggregation{}.Learn(t.Context(), first, first)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1. / 3, 1. / 3, 1. / 3}, w, 1e-6, "where all agree nobody counts more")
	one := []*tensor.Tensor{first[0].Rows(0, 1), first[1].Rows(0, 1)}
	_, err = posthoc.Aggregation{}.Learn(t.Context(), one, one)
	require.NoError(t, err)
}

// The zero value has the authors' settings.
func TestAggregationDefaults(t *testing.T) {
	first, second := views(600)
	learn := func(a posthoc.Aggregation) []float64 {
		w, err := a.Learn(t.Context(), first, second)
		require.NoError(t, err)
		return w
	}
	zero := learn(posthoc.Aggregation{})
	full := posthoc.Aggregation{Epochs: 5, Batch: 128, LearningRate: 0.025, Optimizer: optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4}, Least: 0.05}
	require.Equal(t, learn(full), zero)
	slow := posthoc.Aggregation{Epochs: 40, LearningRate: 0.02}
	for least, same := range map[float64]bool{0: true, 0.05: true, 0.07: false, 1e-9: false} {
		a := slow
		a.Least = least
		require.Equal(t, same, slices.Equal(learn(slow), learn(a)), "Least %v", least)
	}
}

// routable are two experts of four classes: the first knows half of them, and says of the others that it is not sure; the second
// knows all.
func routable(rows int) (posthoc.Set, *nn.Linear) {
	rng := rand.New(rand.NewPCG(7, 7))
	s := posthoc.Set{Features: tensor.New(rows, 8), Labels: make([]int, rows), Classes: 4}
	for i := range rows {
		y, f := rng.IntN(4), s.Features.Rows(i, i+1).Data()
		s.Labels[i] = y
		for k := range f {
			f[k] = float32(0.1 * rng.NormFloat64())
		}
		if f[4+y] += 2; y < 2 {
			f[y] += 2
		} else {
			f[2+rng.IntN(2)] += 1 // right by chance
		}
	}
	head := nn.NewLinear(nn.LinearSettings{In: 8, Out: 4, Seed: 1})
	clear(head.Weight.Value.Data())
	for c := range 4 {
		head.Weight.Value.Data()[8*c+c], head.Weight.Value.Data()[8*c+4+c] = 2, 4
	}
	return s, head
}

func TestRoutersAskWhereTheFirstIsWrong(t *testing.T) {
	trainSet, head := routable(400)
	retrain := posthoc.Retrain{Batch: 32, Epochs: 20, Seed: 1}
	router, err := retrain.Router(t.Context(), head, 2, trainSet, posthoc.RouterSettings{Scale: 1})
	require.NoError(t, err)
	routed, err := router.Route(trainSet.Features)
	require.NoError(t, err)

	each, err := posthoc.ExpertLogits(head, trainSet.Features, 2)
	require.NoError(t, err)
	first, all, mean := accuracy(t, each[0], trainSet.Labels), 0.0, 0.0
	both, err := posthoc.Logits(head, trainSet.Features)
	require.NoError(t, err)
	all = accuracy(t, both, trainSet.Labels)
	require.Less(t, first, 0.85)
	require.Greater(t, all, 0.95)
	require.InDelta(t, all, accuracy(t, routed.Scores, trainSet.Labels), 0.02, "as good as both")
	for i, used := range routed.Used {
		mean += float64(used) / 400
		want := each[0].Rows(i, i+1).Data()
		if used == 2 {
			want = both.Rows(i, i+1).Data()
		}
		require.InDeltaSlice(t, want, routed.Scores.Rows(i, i+1).Data(), 1e-4)
	}
	require.InDelta(t, mean, routed.Mean, 1e-9)
	require.Greater(t, routed.Mean, 1.2)
	require.Less(t, routed.Mean, 1.7)

	again, err := retrain.Router(t.Context(), head, 2, trainSet, posthoc.RouterSettings{Scale: 1})
	require.NoError(t, err)
	same, err := again.Route(trainSet.Features)
	require.NoError(t, err)
	require.Equal(t, routed, same)
}

// The zero value has the authors' settings.
func TestRouterDefaults(t *testing.T) {
	trainSet, head := routable(100)
	route := func(s posthoc.RouterSettings) posthoc.Routed {
		head := nn.NewLinear(nn.LinearSettings{In: 8, Out: 7, Seed: 1}) // more classes than the router sees
		trainSet := posthoc.Set{Features: trainSet.Features, Labels: trainSet.Labels, Classes: 7}
		router, err := posthoc.Retrain{Epochs: 3, Batch: 10}.Router(t.Context(), head, 2, trainSet, s)
		require.NoError(t, err)
		var shapes []string
		for _, e := range nn.Params(router) {
			shapes = append(shapes, fmt.Sprint(e.Path, e.Param.Value.Shape()))
		}
		require.Equal(t, []string{"hidden.0.weight[16 4]", "hidden.0.bias[16]", "out.weight[1 21]", "out.bias[1]"}, shapes)
		routed, err := router.Route(trainSet.Features)
		require.NoError(t, err)
		return routed
	}
	require.Equal(t, route(posthoc.RouterSettings{Hidden: 16, Top: 5, Scale: 30, Positive: 20}), route(posthoc.RouterSettings{}))

	cosines := nn.NewCosine(nn.CosineSettings{In: 8, Classes: trainSet.Classes, Groups: 2, Seed: 1})
	scaled := &nn.Cosine{Weight: cosines.Weight, Scale: 32, Groups: 2} // a power of two: the same bits
	used := func(head nn.Ensemble, s posthoc.RouterSettings) []int {
		router, err := posthoc.Retrain{Epochs: 3, Batch: 10}.Router(t.Context(), head, 2, trainSet, s)
		require.NoError(t, err)
		routed, err := router.Route(trainSet.Features)
		require.NoError(t, err)
		return routed.Used
	}
	require.Equal(t, used(cosines, posthoc.RouterSettings{}), used(scaled, posthoc.RouterSettings{}), "routers see 30 times cosines, whoever multiplies them")
	require.Equal(t, used(scaled, posthoc.RouterSettings{Scale: 30. / 32}), used(scaled, posthoc.RouterSettings{}))

	router, err := posthoc.Retrain{Epochs: 1}.Router(t.Context(), head, 2, trainSet, posthoc.RouterSettings{Top: 9})
	require.NoError(t, err, "all logits, if there are fewer")
	none, err := router.Route(tensor.New(0, 8))
	require.NoError(t, err)
	require.Zero(t, none.Mean)
	zero, err := router.Route(tensor.New(1, 8))
	require.NoError(t, err)
	require.Len(t, zero.Used, 1, "features of no length")

	for experts, good := range map[int]bool{16: true, 17: false} {
		x := posthoc.Set{Features: gradtest.Normal(1, 1, 3, experts), Labels: []int{0, 1, 0}, Classes: 2}
		_, err := posthoc.Retrain{Epochs: 1}.Router(t.Context(), nn.NewLinear(nn.LinearSettings{In: experts, Out: 2}), experts, x, posthoc.RouterSettings{})
		require.Equal(t, good, err == nil, "%d experts: %v", experts, err)
	}
}

func TestExpertsSayWhatIsWrong(t *testing.T) {
	s, head := routable(20)
	for want, f := range map[string]func() error{
		"no head":                  func() error { _, err := posthoc.ExpertLogits(nil, s.Features, 2); return err },
		"1 experts: there must be": func() error { _, err := posthoc.ExpertLogits(head, s.Features, 1); return err },
		"that 3 experts divide":    func() error { _, err := posthoc.ExpertLogits(head, s.Features, 3); return err },
		"weight -1 of expert 1":    func() error { _, err := posthoc.WeighExperts(head, []float64{1, -1}); return err },
		"for a head of 8 columns":  func() error { _, err := posthoc.WeighExperts(head, []float64{1, 1, 1}); return err },
		"and one must count":       func() error { _, err := posthoc.WeighExperts(head, []float64{0, 0}); return err },
		"weights [] for a head":    func() error { _, err := posthoc.WeighExperts(head, nil); return err },
		"weight +Inf of expert 0":  func() error { _, err := posthoc.WeighExperts(head, []float64{math.Inf(1), 1}); return err },
		"weights [1e+308 1e+308]":  func() error { _, err := posthoc.WeighExperts(head, []float64{1e308, 1e308}); return err },
		"first view of 0 experts":  func() error { _, err := posthoc.Aggregation{}.Learn(t.Context(), nil, nil); return err },
		"Retrain.Loss is set": func() error {
			_, err := posthoc.Retrain{Loss: &loss.CrossEntropy{}}.Router(t.Context(), head, 2, s, posthoc.RouterSettings{})
			return err
		},
		"a head of 4 classes for a set": func() error {
			s := s
			s.Classes = 5
			_, err := posthoc.Retrain{}.Router(t.Context(), head, 2, s, posthoc.RouterSettings{})
			return err
		},
	} {
		require.ErrorContains(t, f(), want)
	}
	for want, bad := range map[string]posthoc.RouterSettings{"Hidden:-1": {Hidden: -1}, "Top:-1": {Top: -1}, "Scale:-1": {Scale: -1}, "Scale:+Inf": {Scale: math.Inf(1)},
		"Positive:-1": {Positive: -1}, "Positive:+Inf": {Positive: math.Inf(1)}} {
		_, err := posthoc.Retrain{}.Router(t.Context(), head, 2, s, bad)
		require.ErrorContains(t, err, want)
	}
	first, second := views(8)
	for want, a := range map[string]posthoc.Aggregation{"-1 epochs": {Epochs: -1}, "rate -1": {LearningRate: -1}, "rate +Inf": {LearningRate: math.Inf(1)}, "Least -0.1": {Least: -0.1},
		"Least 1:": {Least: 1}, "batch -1": {Batch: -1}} {
		_, err := a.Learn(t.Context(), first, second)
		require.ErrorContains(t, err, want)
	}
	for want, f := range map[string]func() error{
		"both must be of the same experts": func() error { _, err := posthoc.Aggregation{}.Learn(t.Context(), first, second[:2]); return err },
		"of one at least": func() error {
			none := []*tensor.Tensor{tensor.New(0, 5), tensor.New(0, 5)}
			_, err := posthoc.Aggregation{}.Learn(t.Context(), none, none)
			return err
		},
		"[8 5] of one view": func() error {
			other, _ := views(7)
			_, err := posthoc.Aggregation{}.Learn(t.Context(), first, other)
			return err
		},
		context.Canceled.Error(): func() error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, err := posthoc.Aggregation{}.Learn(ctx, first, second)
			return err
		},
		"the second view of expert 0 of row 0 have the value NaN": func() error {
			_, second := views(8)
			second[0].Data()[0] = nan
			_, err := posthoc.Aggregation{}.Learn(t.Context(), first, second)
			return err
		},
	} {
		require.ErrorContains(t, f(), want)
	}
}

// Where one view is not like the other, experts that see the same in both count more.
func ExampleAggregation() {
	first, second := views(500)
	weights, err := posthoc.Aggregation{Epochs: 30, LearningRate: 0.2}.Learn(context.Background(), first, second)
	fmt.Println(len(weights), weights[1] > 0.5, err)
	// Output: 3 true <nil>
}
