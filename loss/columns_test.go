package loss_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// queueOf returns a queue of random unit rows with the given labels, and the rows in float64.
func queueOf(t *testing.T, size, dim int, labels []int) (*loss.Queue, [][]float64) {
	q, err := loss.NewQueue(size, dim)
	require.NoError(t, err)
	rows := unitTensor(9, len(labels), dim)
	q.Add(rows, labels)
	return q, widen(rows)
}

func unitTensor(seed uint64, rows, dim int) *tensor.Tensor {
	tape := autograd.NewTape(autograd.Mode{})
	return nn.L2Normalize(tape.Const(gradtest.Normal(seed, 1, rows, dim))).Value().Clone()
}

func widen(x *tensor.Tensor) [][]float64 {
	rows := make([][]float64, x.Dim(0))
	for i := range rows {
		for _, v := range x.Rows(i, i+1).Data() {
			rows[i] = append(rows[i], float64(v))
		}
	}
	return rows
}

// logShare is log( e^{x_p} / Σ_k e^{x_k} ) of a positive x_p, as it is written down.
func logShare(xp float64, all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += math.Exp(x)
	}
	return math.Log(math.Exp(xp) / sum)
}

func balanced64(z, centres [][]float64, labels []int, tau float64) float64 {
	all, of := append(append([][]float64{}, z...), centres...), append([]int{}, labels...)
	for c := range centres {
		of = append(of, c)
	}
	total := 0.0
	for i := range z {
		denominator := 0.0
		for c := range centres {
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

// kcl64 takes all rows of the queue of the anchor's class as positives; with targets it is TSC.
func kcl64(z, views, queue, targets [][]float64, labels, queueLabels []int, samples int, own bool, tau, weight float64) float64 {
	total, anchors := 0.0, 0
	for i := range z {
		var all []float64
		var positive []float64
		for j, v := range views {
			if j%samples == i%samples && (!own || j != i) {
				all, positive = append(all, dot64(z[i], v)/tau), append(positive, dot64(z[i], v)/tau)
			}
		}
		for j, v := range queue {
			all = append(all, dot64(z[i], v)/tau)
			if queueLabels[j] == labels[i] {
				positive = append(positive, dot64(z[i], v)/tau)
			}
		}
		for _, v := range targets {
			all = append(all, dot64(z[i], v)/tau)
		}
		sum, n := 0.0, float64(len(positive))
		for _, x := range positive {
			sum -= logShare(x, all)
		}
		if targets != nil {
			sum, n = sum-weight*logShare(dot64(z[i], targets[labels[i]])/tau, all), n+1
		}
		if n > 0 {
			total, anchors = total+sum/n, anchors+1
		}
	}
	return total / float64(max(anchors, 1))
}

func TestKCLAndTSCGradients(t *testing.T) {
	queueLabels := []int{0, 2, 2, 0, 1, 5}
	const dim = 5
	for _, own := range []bool{false, true} {
		for _, weight := range []float64{0, 0.2, 1.5} { // 0: KCL
			for _, filled := range []int{0, 6} {
				q, queue := queueOf(t, 8, dim, queueLabels[:filled])
				targets := bank(t, 6, dim)
				kcl := loss.KCL{Queue: q, Temperature: 0.2, WithoutMomentum: own}
				tsc := &loss.TSC{KCL: kcl, Targets: targets, TargetWeight: weight}
				var l loss.Loss = &kcl
				params := []*autograd.Param(nil)
				if weight > 0 {
					l, params = prepared(t, tsc, make([]int, 6)), []*autograd.Param{targets.Weight}
				}
				in := loss.Input{Labels: []int{0, 2, 3, 0, 2, 3}, Views: 2}
				views := unitTensor(7, 3, dim)
				if !own {
					in.Keys = views
				}
				t.Run(fmt.Sprintf("own %v, weight %v, queue of %d", own, weight, filled), func(t *testing.T) {
					gradtest.Check(t, gradtest.Case{
						Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 6, dim)}, Params: params,
						Forward: func(_ *autograd.Tape, x []*autograd.Var) *autograd.Var {
							in.Embedding = nn.L2Normalize(x[0])
							y, stats := l.Forward(in)
							require.Equal(t, loss.Stats{Anchors: 6}, stats)
							return y
						},
						Reference: func(x [][]float64) []float64 {
							z := unit64(x[0], dim)
							near, goals := widen(views), [][]float64(nil)
							if own {
								near = z
							}
							if weight > 0 {
								goals = unit64(x[1], dim)
							}
							return []float64{kcl64(z, near, queue, goals, in.Labels, queueLabels[:filled], 3, own, 0.2, weight)}
						},
					})
				})
			}
		}
	}
}

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
		"PaCo without queue":   {loss.PaCo{Temperature: 0.3, Alpha: 0.5, CentreTemperature: 2}, keys, nil, 2, 0.5, 0},
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

func TestMultiPrototypicalGradient(t *testing.T) {
	labels := []int{0, 2, 1, 2, 0}
	const m, classes, dim = 3, 3, 4
	for _, tau := range []float64{0.1, 1} {
		for _, own := range []bool{false, true} {
			for _, nearest := range []bool{false, true} {
				b, err := prototype.NewLearnable(classes*m, dim, rand.New(rand.NewPCG(1, 2)))
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

func wide(x *tensor.Tensor) []float64 {
	v := make([]float64, x.Len())
	for i, f := range x.Data() {
		v[i] = float64(f)
	}
	return v
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

func TestColumnLossesSameBits(t *testing.T) {
	const classes, dim = 9, 33
	x, labels := gradtest.Normal(1, 1, 300, dim), labelsOf(300, classes)
	counts := make([]int, classes)
	for i := range labels {
		labels[i] = max(labels[i], 0)
		counts[labels[i]]++
	}
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	steps := func(name string) (values []float64, grads [][]float32) {
		l := columnLosses(t, 0.1, counts, dim, 16)[name]
		if name == "ProCo" {
			l = proco(t, counts, dim, 0.1)
		}
		for range 2 { // the second with what the first left
			v, _, g := runColumns(t, l, x.Clone(), labels, classes)
			values, grads = append(values, v), append(grads, g)
		}
		return values, grads
	}
	for _, name := range []string{"BCL", "KCL", "TSC", "PaCo", "GPaCo", "multi", "ProCo"} {
		runtime.GOMAXPROCS(1)
		want, wantGrads := steps(name)
		for _, procs := range []int{2, 3, 7} {
			runtime.GOMAXPROCS(procs)
			got, grads := steps(name)
			require.Equal(t, want, got, name)
			require.Equal(t, wantGrads, grads, "%s, GOMAXPROCS %d", name, procs)
		}
	}
}
