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

func TestMultiPrototypicalGradient(t *testing.T) {
	labels := []int{0, 2, 1, 2, 0}
	const m, classes, dim = 3, 3, 4
	for _, tau := range []float64{0.1, 1} {
		for _, own := range []bool{false, true} {
			for _, nearest := range []bool{false, true} {
				b, err := prototype.NewLearnable(prototype.Settings{Classes: classes * m, Dim: dim, Seed: 1})
				require.NoError(t, err)
				l := prepared(t, &loss.MultiPrototypicalContrastive{Bank: b, PerClass: m, Temperature: tau, IncludeOwn: own, Nearest: nearest},
					make([]int, classes))
				// The affinity has no gradient: it is computed once, from the values at hand.
				affinity := map[[2]int]float64{}
				z, p := unit64(wide(gradtest.Normal(1, 1, 5, dim)), dim), unit64(wide(b.Weight.Value), dim)
				for i, y := range labels {
					best := 0
					for k := range m {
						sum := 0.0
						for k2 := range m {
							sum += math.Exp(dot64(z[i], p[y*m+k2]) / tau)
						}
						affinity[[2]int{i, k}] = math.Exp(dot64(z[i], p[y*m+k])/tau) / sum / m
						if dot64(z[i], p[y*m+k]) > dot64(z[i], p[y*m+best]) {
							best = k
						}
					}
					for k := range m {
						if nearest {
							affinity[[2]int{i, k}] = 0
						}
					}
					if nearest {
						affinity[[2]int{i, best}] = 1
					}
				}
				gradtest.Check(t, gradtest.Case{
					Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 5, dim)}, Params: []*autograd.Param{b.Weight},
					Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
						y, _ := l.Forward(loss.Input{Embedding: nn.L2Normalize(in[0]), Labels: labels, Views: 1})
						return y
					},
					Reference: func(in [][]float64) []float64 {
						z, p, total := unit64(in[0], dim), unit64(in[1], dim), 0.0
						for i, y := range labels {
							sum := 0.0
							for j := range p {
								if j/m != y || own {
									sum += math.Exp(dot64(z[i], p[j]) / tau)
								}
							}
							for k := range m {
								total -= affinity[[2]int{i, k}] * math.Log(math.Exp(dot64(z[i], p[y*m+k])/tau)/sum)
							}
						}
						return []float64{total / float64(len(labels))}
					},
				})
			}
		}
	}
}

// With one prototype a class both forms are the loss of one prototype.
func TestOnePrototypeAClassIsPSC(t *testing.T) {
	x, labels := gradtest.Normal(1, 1, 6, 5), []int{0, 3, 1, 2, 3, 3}
	for _, own := range []bool{false, true} {
		b := bank(t, 4, 5)
		want, wantStats, grad := run(t, &loss.PrototypicalContrastive{Bank: b, Temperature: 0.1, IncludeOwn: own}, x, labels)
		for _, nearest := range []bool{false, true} {
			l := &loss.MultiPrototypicalContrastive{Bank: b, PerClass: 1, Temperature: 0.1, IncludeOwn: own, Nearest: nearest}
			v, stats, g := run(t, l, x, labels)
			require.InDelta(t, want, v, 1e-5)
			require.Equal(t, wantStats, stats)
			closeTo(t, grad, g, 1e-5)
		}
	}
}
