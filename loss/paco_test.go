package loss_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func paco64(z, keys, queue [][]float64, logits []float64, labels, keyLabels, queueLabels, counts []int, tau, warmth, alpha, smoothing float64) float64 {
	total, images := 0.0, 0
	for _, n := range counts {
		images += n
	}
	for i := range z {
		var all, w []float64
		for c, n := range counts {
			if n == 0 {
				continue
			}
			all = append(all, (logits[i*len(counts)+c]+math.Log(float64(n)/float64(images)))/warmth)
			if c == labels[i] {
				w = append(w, 1-smoothing)
			} else {
				w = append(w, smoothing/float64(len(counts)-1))
			}
		}
		add := func(v []float64, y int) {
			all = append(all, dot64(z[i], v)/tau)
			if w = append(w, 0); y == labels[i] {
				w[len(w)-1] = alpha
			}
		}
		for j, v := range z {
			if j != i {
				add(v, labels[j])
			}
		}
		for j, v := range keys {
			add(v, keyLabels[j])
		}
		for j, v := range queue {
			add(v, queueLabels[j])
		}
		sum, weight := 0.0, 0.0
		for j, x := range all {
			sum, weight = sum-w[j]*logShare(x, all), weight+w[j]
		}
		total += sum / weight
	}
	return total / float64(len(z))
}

func TestPaCoGradient(t *testing.T) {
	const dim = 4
	counts := []int{90, 9, 0, 3}
	queueLabels := []int{0, 1, 3, 3, 2}
	queue, queue64 := queueOf(t, 5, dim, queueLabels)
	keys := unitTensor(7, 4, dim)
	for name, c := range map[string]struct {
		loss      loss.PaCo
		keys      *tensor.Tensor
		queue     [][]float64
		warmth    float64
		alpha     float64
		smoothing float64
	}{
		"PaCo":                 {loss.PaCo{Temperature: 0.3, Queue: queue}, keys, queue64, 1, 0.01, 0},
		"PaCo without queue":   {loss.PaCo{Temperature: 0.3, Alpha: 0.5, CenterTemperature: 2}, keys, nil, 2, 0.5, 0},
		"GPaCo":                {loss.PaCo{Temperature: 0.3, Alpha: 0.05, Queue: queue, WithoutMomentum: true}, nil, queue64, 1, 0.05, 0},
		"GPaCo with smoothing": {loss.PaCo{Temperature: 0.3, Smoothing: 0.1, WithoutMomentum: true}, nil, nil, 1, 0.01, 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			l := prepared(t, &c.loss, counts)
			in := loss.Input{Labels: []int{0, 3, 1, 3}, Views: 2, Keys: c.keys}
			if c.keys != nil {
				in.Views = 1
			}
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 4, dim), gradtest.Normal(2, 1, 4, 4)},
				Forward: func(_ *autograd.Tape, x []*autograd.Var) *autograd.Var {
					in.Embedding, in.Logits = nn.L2Normalize(x[0]), x[1]
					y, stats := l.Forward(in)
					require.Equal(t, loss.Stats{Anchors: 4}, stats)
					return y
				},
				Reference: func(x [][]float64) []float64 {
					var k [][]float64
					if c.keys != nil {
						k = widen(c.keys)
					}
					return []float64{paco64(unit64(x[0], dim), k, c.queue, x[1], in.Labels, in.Labels, queueLabels, counts,
						0.3, c.warmth, c.alpha, c.smoothing)}
				},
			})
		})
	}
}
