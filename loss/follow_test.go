package loss_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// snapshot copies everything a loss shows.
func snapshot(t *testing.T, l loss.Loss) map[string]string {
	all := map[string]string{}
	for _, e := range nn.Entries(l.(nn.Visitable)) {
		if e.State != nil {
			b, err := e.State.MarshalBinary()
			require.NoError(t, err)
			all[e.Path] = fmt.Sprint(b)
		} else {
			all[e.Path] = fmt.Sprint(e.Tensor().Data())
		}
	}
	return all
}

// followers are losses that remember steps, for 3 classes and embeddings of width 4.
func followers(t *testing.T) map[string]loss.Loss {
	queue := func() *loss.Queue {
		q, err := loss.NewQueue(6, 4)
		require.NoError(t, err)
		return q
	}
	size := prototype.Size{Classes: 3, Dim: 4}
	rng := rand.New(rand.NewPCG(1, 1))
	average, err := prototype.NewMovingAverage(size, 0.9, rng)
	require.NoError(t, err)
	mean, err := prototype.NewClassMean(size, rng)
	require.NoError(t, err)
	points, err := prototype.OnSphere(3, 4, prototype.Sphere{}, rng)
	require.NoError(t, err)
	targets, err := prototype.NewTargets(points)
	require.NoError(t, err)
	proco, err := loss.NewProCo(3, 4, 1)
	require.NoError(t, err)
	all := map[string]loss.Loss{
		"ProCo": proco,
		"PSC":   &loss.PrototypicalContrastive{Bank: average, Temperature: 1},
		"multi": &loss.MultiPrototypicalContrastive{Bank: mean, PerClass: 1, Temperature: 1},
		"BCL":   &loss.BalancedContrastive{Bank: average, Temperature: 1},
		"KCL":   &loss.KCL{Queue: queue(), Temperature: 1},
		"TSC":   &loss.TSC{KCL: loss.KCL{Queue: queue(), Temperature: 1}, Targets: targets},
		"PaCo":  &loss.PaCo{Queue: queue(), Temperature: 1},
		"GPaCo": &loss.PaCo{Queue: queue(), Temperature: 1, WithoutMomentum: true},
	}
	for _, l := range all {
		require.NoError(t, l.(loss.Preparer).Prepare([]int{5, 3, 1}))
	}
	return all
}

// Forward and Backward change nothing; Commit does, on a training tape.
func TestStepsAreRememberedAtCommit(t *testing.T) {
	for name, l := range followers(t) {
		step := func(mode autograd.Mode, commit bool) {
			tape := autograd.NewTape(mode)
			in := loss.Input{
				Embedding: nn.L2Normalize(tape.Param(autograd.NewParam(gradtest.Normal(1, 1, 4, 4)))),
				Logits:    tape.Const(gradtest.Normal(2, 1, 4, 3)),
				Labels:    []int{0, 1, 0, 1}, Views: 2, At: schedule.Progress{Epochs: 1, Steps: 1},
			}
			if l.Needs().Keys {
				in.Keys = unitTensor(3, 2, 4)
			}
			y, _ := l.Forward(in)
			tape.Backward(y, nil)
			if commit {
				tape.Commit()
			}
		}
		was := snapshot(t, l)
		step(autograd.Mode{Train: true}, false)
		step(autograd.Mode{}, true)
		require.Equal(t, was, snapshot(t, l), name)
		step(autograd.Mode{Train: true}, true)
		require.NotEqual(t, was, snapshot(t, l), name)
	}
}

// The queue takes the keys if there are any, and else the embeddings of the views after the first.
func TestWhatEntersTheQueue(t *testing.T) {
	z, keys := unitTensor(1, 4, 3), unitTensor(2, 2, 3)
	for name, c := range map[string]struct {
		own    bool
		views  int
		want   *tensor.Tensor
		labels []int
	}{
		"keys":           {false, 2, keys, []int{4, 5}},
		"second view":    {true, 2, z.Rows(2, 4), []int{4, 5}},
		"the only views": {true, 1, z, []int{4, 5, 4, 5}},
	} {
		q, err := loss.NewQueue(8, 3)
		require.NoError(t, err)
		l := &loss.KCL{Queue: q, Temperature: 1, WithoutMomentum: c.own}
		tape := autograd.NewTape(autograd.Mode{Train: true})
		in := loss.Input{Embedding: tape.Const(z), Labels: []int{4, 5, 4, 5}, Views: c.views}
		if !c.own {
			in.Keys = keys
		}
		l.Forward(in)
		tape.Commit()
		rows, labels := q.On(tape)
		require.Equal(t, c.want.Data(), rows.Data(), name)
		require.Equal(t, c.labels, labels, name)
	}
}

// The K positives are different ones, and over the seeds each entry is drawn alike.
func TestDrawIsFair(t *testing.T) {
	const n, k, times = 9, 4, 5000
	count := make([]int, n)
	for seed := range times {
		chosen := loss.Draw(n, k, rand.New(rand.NewPCG(uint64(seed), 1)))
		seen := map[int]bool{}
		for _, v := range chosen {
			seen[v] = true
			count[v]++
		}
		require.Len(t, seen, k)
	}
	for _, c := range count {
		require.InDelta(t, times*k/n, c, 210, "6 standard deviations") // √(5000·4/9·5/9) = 35
	}
	require.Equal(t, []int{0, 1, 2}, loss.Draw(3, 6, rand.New(rand.NewPCG(1, 1)))[:3])
	require.Empty(t, loss.Draw(0, 6, rand.New(rand.NewPCG(1, 1))))
}

// With more rows of the class in the queue than K, the loss is that of some choice of K, and the tape's seed decides which.
func TestKCLDrawsPositives(t *testing.T) {
	queueLabels := []int{1, 0, 1, 1, 0, 1, 1}
	q, queue := queueOf(t, 7, 3, queueLabels)
	z, keys := unitTensor(1, 1, 3), unitTensor(2, 1, 3)
	var choices []float64 // by pairs of the five
	same := []int{0, 2, 3, 5, 6}
	for a := range same {
		for b := range a {
			marked := make([]int, 7)
			marked[same[a]], marked[same[b]] = 1, 1
			choices = append(choices, kcl64(widen(z), widen(keys), queue, nil, []int{1}, marked, 1, false, 0.5, 0))
		}
	}
	seen := map[int]bool{}
	l := &loss.KCL{Queue: q, Temperature: 0.5, Positives: 2}
	for seed := range uint64(100) {
		value := func() float64 {
			tape := autograd.NewTape(autograd.Mode{Seed: seed})
			y, _ := l.Forward(loss.Input{Embedding: tape.Const(z), Keys: keys, Labels: []int{1}, Views: 1})
			return float64(y.Value().Item())
		}
		got := value()
		require.Equal(t, got, value(), "the same seed, the same draw")
		found := false
		for i, want := range choices {
			if d := got - want; d < 1e-5 && d > -1e-5 {
				seen[i], found = true, true
			}
		}
		require.True(t, found, "%v is none of %v", got, choices)
	}
	require.Len(t, seen, len(choices))
}
