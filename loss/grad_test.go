package loss_test

import (
	"fmt"
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

// unit64 returns rows of width d divided by their norms.
func unit64(v []float64, d int) [][]float64 {
	var rows [][]float64
	for i := 0; i < len(v); i += d {
		norm := 0.0
		for _, x := range v[i : i+d] {
			norm += x * x
		}
		row := make([]float64, d)
		for j, x := range v[i : i+d] {
			row[j] = x / math.Sqrt(norm)
		}
		rows = append(rows, row)
	}
	return rows
}

func dot64(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// supcon64 is the formula as the paper writes it, without any regard to overflow.
func supcon64(z [][]float64, labels []int, tau float64, inside bool) float64 {
	total, anchors := 0.0, 0
	for i := range z {
		all, in, out, n := 0.0, 0.0, 0.0, 0.0
		for j := range z {
			if j != i {
				all += math.Exp(dot64(z[i], z[j]) / tau)
			}
		}
		for j := range z {
			if j != i && labels[j] == labels[i] {
				e := math.Exp(dot64(z[i], z[j])/tau) / all
				in, out, n = in+e, out+math.Log(e), n+1
			}
		}
		if n == 0 {
			continue
		}
		anchors++
		if inside {
			total -= math.Log(in / n)
		} else {
			total -= out / n
		}
	}
	if anchors == 0 {
		return 0
	}
	return total / float64(anchors)
}

func psc64(z, p [][]float64, labels []int, tau float64, own bool) float64 {
	total := 0.0
	for i, y := range labels {
		sum := 0.0
		for j := range p {
			if j != y || own {
				sum += math.Exp(dot64(z[i], p[j]) / tau)
			}
		}
		total -= math.Log(math.Exp(dot64(z[i], p[y])/tau) / sum)
	}
	return total / float64(len(labels))
}

func TestSupervisedContrastiveGradient(t *testing.T) {
	labels := []int{0, 0, 1, 2, 2, 2, 0, 3}
	for _, tau := range []float64{0.07, 0.5, 1} {
		for _, inside := range []bool{false, true} {
			for name, l := range contrasts(tau, inside) {
				t.Run(fmt.Sprintf("%s, τ %v, inside %v", name, tau, inside), func(t *testing.T) {
					gradtest.Check(t, gradtest.Case{
						Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 8, 5)},
						Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
							y, _ := l.Forward(loss.Input{Embedding: nn.L2Normalize(in[0]), Labels: labels, Views: 1})
							return y
						},
						Reference: func(in [][]float64) []float64 {
							return []float64{supcon64(unit64(in[0], 5), labels, tau, inside)}
						},
					})
				})
			}
		}
	}
}

func TestPrototypicalContrastiveGradient(t *testing.T) {
	labels := []int{0, 3, 1, 2, 3, 3}
	for _, tau := range []float64{0.1, 1} {
		for _, own := range []bool{false, true} {
			bank, err := prototype.NewLearnable(prototype.Settings{Classes: 4, Dim: 5, Seed: 1})
			require.NoError(t, err)
			l := &loss.PrototypicalContrastive{Bank: bank, Temperature: tau, IncludeOwn: own}
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 6, 5)}, Params: []*autograd.Param{bank.Weight},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
					y, _ := l.Forward(loss.Input{Embedding: nn.L2Normalize(in[0]), Labels: labels, Views: 1})
					return y
				},
				Reference: func(in [][]float64) []float64 {
					return []float64{psc64(unit64(in[0], 5), unit64(in[1], 5), labels, tau, own)}
				},
			})
		}
	}
}

func TestCrossEntropyGradient(t *testing.T) {
	labels, second := []int{0, 2, 1, 2, 0}, []int{1, 2, 0, 0, 2}
	share := []float32{1, 0.25, 0.5, 0.75, 0}
	for name, c := range map[string]struct {
		loss loss.CrossEntropy
		mix  *loss.Mix
	}{
		"plain":             {},
		"sum":               {loss: loss.CrossEntropy{Reduction: loss.Sum}},
		"smoothing":         {loss: loss.CrossEntropy{Smoothing: 0.2}},
		"weights":           {loss: loss.CrossEntropy{Weights: []float64{0.5, 2, 1}}},
		"weights, mean":     {loss: loss.CrossEntropy{Weights: []float64{0.5, 2, 1}, Reduction: loss.Mean}},
		"mix":               {mix: &loss.Mix{Labels: second, Weight: share}},
		"mix with weights":  {loss: loss.CrossEntropy{Weights: []float64{0.5, 2, 1}}, mix: &loss.Mix{Labels: second, Weight: share}},
		"all at once":       {loss: loss.CrossEntropy{Weights: []float64{0.5, 2, 1}, Smoothing: 0.1}, mix: &loss.Mix{Labels: second, Weight: share}},
		"a class weight 0":  {loss: loss.CrossEntropy{Weights: []float64{0, 2, 1}}},
		"smoothing and sum": {loss: loss.CrossEntropy{Smoothing: 0.1, Reduction: loss.Sum}},
	} {
		t.Run(name, func(t *testing.T) {
			weight := func(c2 int) float64 {
				if c.loss.Weights == nil {
					return 1
				}
				return c.loss.Weights[c2]
			}
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 2, 5, 3)},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
					y, _ := c.loss.Forward(loss.Input{Logits: in[0], Labels: labels, Views: 1, Mix: c.mix})
					return y
				},
				Reference: func(in [][]float64) []float64 {
					total, weights := 0.0, 0.0
					for i := range labels {
						x := in[0][i*3 : i*3+3]
						sum := 0.0
						for _, v := range x {
							sum += math.Exp(v)
						}
						row := func(y int) float64 { // loss of one hard label, as PyTorch defines it
							l := 0.0
							for j, v := range x {
								nll := weight(j) * (math.Log(sum) - v)
								l += c.loss.Smoothing / 3 * nll
								if j == y {
									l += (1 - c.loss.Smoothing) * nll
								}
							}
							return l
						}
						k := 1.0
						if c.mix != nil {
							k = float64(share[i])
							total, weights = total+(1-k)*row(second[i]), weights+(1-k)*weight(second[i])
						}
						total, weights = total+k*row(labels[i]), weights+k*weight(labels[i])
					}
					switch c.loss.Reduction {
					case loss.WeightedMean:
						total /= weights
					case loss.Mean:
						total /= 5
					}
					return []float64{total}
				},
			})
		})
	}
}
