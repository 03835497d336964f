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

func balanced64(z, centers [][]float64, labels []int, tau float64) float64 {
	all, of := append(append([][]float64{}, z...), centers...), append([]int{}, labels...)
	for c := range centers {
		of = append(of, c)
	}
	total := 0.0
	for i := range z {
		denominator := 0.0
		for c := range centers {
			sum, m := 0.0, 0.0
			for k, v := range all {
				if of[k] == c && k != i {
					sum, m = sum+math.Exp(dot64(z[i], v)/tau), m+1
				}
			}
			denominator += sum / m
		}
		sum, positives := 0.0, 0.0
		for p, v := range all {
			if of[p] == labels[i] && p != i {
				sum, positives = sum+dot64(z[i], v)/tau-math.Log(denominator), positives+1
			}
		}
		total -= sum / positives
	}
	return total / float64(len(z))
}

func TestBalancedContrastiveGradient(t *testing.T) {
	labels := []int{0, 3, 1, 3, 3, 0} // class 2 has its centre alone
	for _, tau := range []float64{0.1, 1} {
		b := bank(t, 4, 5)
		l := prepared(t, &loss.BalancedContrastive{Bank: b, Temperature: tau}, make([]int, 4))
		gradtest.Check(t, gradtest.Case{
			Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 6, 5)}, Params: []*autograd.Param{b.Weight},
			Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
				y, stats := l.Forward(loss.Input{Embedding: nn.L2Normalize(in[0]), Labels: labels, Views: 2})
				require.Equal(t, loss.Stats{Anchors: 6}, stats)
				return y
			},
			Reference: func(in [][]float64) []float64 {
				return []float64{balanced64(unit64(in[0], 5), unit64(in[1], 5), labels, tau)}
			},
		})
	}
}
