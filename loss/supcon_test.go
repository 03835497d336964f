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
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// contrasts are all forms of the SC loss: the one users get, and each form by itself at every size.
func contrasts(tau float64, inside bool) map[string]loss.Loss {
	l := loss.SupervisedContrastive{Temperature: tau, Inside: inside}
	return map[string]loss.Loss{
		"chosen":   &l,
		"plain":    &loss.PlainContrast{SupervisedContrastive: l},
		"tile 1":   &loss.TiledContrast{SupervisedContrastive: l, Tile: 1},
		"tile 3":   &loss.TiledContrast{SupervisedContrastive: l, Tile: 3},
		"one tile": &loss.TiledContrast{SupervisedContrastive: l, Tile: 128},
	}
}

func labelsOf(n, classes int) []int {
	r := rand.New(rand.NewPCG(uint64(n), uint64(classes)))
	labels := make([]int, n)
	for i := range labels {
		labels[i] = r.IntN(classes) - 1
	}
	return labels
}

// closeTo requires entries to differ by at most a share of the largest one.
func closeTo(t *testing.T, want, got []float32, share float64) {
	t.Helper()
	require.Len(t, got, len(want))
	largest := 0.0
	for _, v := range want {
		largest = math.Max(largest, math.Abs(float64(v)))
	}
	for i, v := range want {
		require.InDelta(t, v, got[i], share*largest+1e-12, "entry %d of %d", i, len(want))
	}
}

func TestTiledContrastIsThePlainOne(t *testing.T) {
	for _, n := range []int{2, 3, 5, 16, 31, 64, 97, 129, 300} {
		for _, classes := range []int{1, 2, 7, 100} {
			for _, tau := range []float64{0.05, 1} {
				for _, inside := range []bool{false, true} {
					l := loss.SupervisedContrastive{Temperature: tau, Inside: inside}
					x, labels := gradtest.Normal(uint64(n), 1, n, 9), labelsOf(n, classes)
					want, wantStats, wantGrad := run(t, &loss.PlainContrast{SupervisedContrastive: l}, x, labels)
					for _, tile := range []int{7, 32, 128, 512} {
						name := fmt.Sprintf("%d rows, %d classes, τ %v, inside %v, tile %d", n, classes, tau, inside, tile)
						got, stats, grad := run(t, &loss.TiledContrast{SupervisedContrastive: l, Tile: tile}, x, labels)
						require.InDelta(t, want, got, 1e-5*math.Max(1, math.Abs(want)), name)
						require.Equal(t, wantStats, stats, name)
						closeTo(t, wantGrad, grad, 2e-5)
					}
				}
			}
		}
	}
}

// At a temperature this small float32 similarities, of error 1e-7, leave softmaxes an error of 1e-7/τ in either form.
func TestTiledContrastAtTinyTemperature(t *testing.T) {
	for _, inside := range []bool{false, true} {
		l := loss.SupervisedContrastive{Temperature: 1e-4, Inside: inside}
		x, labels := gradtest.Normal(3, 1, 90, 16), labelsOf(90, 5)
		want, _, wantGrad := run(t, &loss.PlainContrast{SupervisedContrastive: l}, x, labels)
		got, _, grad := run(t, &loss.TiledContrast{SupervisedContrastive: l, Tile: 32}, x, labels)
		require.InEpsilon(t, want, got, 1e-5)
		closeTo(t, wantGrad, grad, 5e-3)
	}
}

// All rows of a class at one point, as at the end of training: nothing is left but the count of neighbours.
func TestCollapsedClasses(t *testing.T) {
	const classes, each, dim = 4, 50, 8
	x, labels := tensor.New(classes*each, dim), make([]int, classes*each)
	for i := range labels {
		labels[i] = i % classes
		x.Data()[i*dim+labels[i]] = 1.5
	}
	for _, tau := range []float64{0.1, 1e-4} {
		for _, inside := range []bool{false, true} {
			for name, l := range contrasts(tau, inside) {
				v, stats, g := run(t, l, x.Clone(), labels)
				want := math.Log(each - 1 + (classes-1)*each*math.Exp(-1/tau))
				require.InDelta(t, want, v, 1e-5, "%s, τ %v, inside %v", name, tau, inside)
				require.Equal(t, classes*each, stats.Anchors)
				finite(t, g)
			}
		}
	}
}

func TestContrastOfEmptyEmbeddings(t *testing.T) {
	for name, l := range contrasts(0.1, false) {
		tape := autograd.NewTape(autograd.Mode{})
		p := autograd.NewParam(tensor.New(3, 0))
		y, stats := l.Forward(loss.Input{Embedding: tape.Param(p), Labels: []int{4, 4, 4}, Views: 1})
		tape.Backward(y, nil)
		require.InDelta(t, math.Log(2), y.Value().Item(), 1e-6, name)
		require.Equal(t, loss.Stats{Anchors: 3, ZeroRows: 3}, stats)
	}
}

func TestContrastWithAnotherBLAS(t *testing.T) {
	x, labels := gradtest.Normal(1, 1, 300, 20), labelsOf(300, 6)
	l := &loss.SupervisedContrastive{Temperature: 0.1}
	var values, grads [2][]float32
	for i, b := range []blas.Float32{nil, gonum.Implementation{}} {
		p, tape := autograd.NewParam(x), autograd.NewTape(autograd.Mode{BLAS: b})
		y, _ := l.Forward(loss.Input{Embedding: nn.L2Normalize(tape.Param(p)), Labels: labels, Views: 1})
		tape.Backward(y, nil)
		values[i], grads[i] = []float32{y.Value().Item()}, p.Grad.Data()
	}
	closeTo(t, values[1], values[0], 1e-5)
	closeTo(t, grads[1], grads[0], 1e-5)
}

func TestContrastSameBits(t *testing.T) {
	x, labels := gradtest.Normal(1, 1, 1000, 33), labelsOf(1000, 9)
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for _, inside := range []bool{false, true} {
		l := &loss.SupervisedContrastive{Temperature: 0.1, Inside: inside}
		runtime.GOMAXPROCS(1)
		want, _, wantGrad := run(t, l, x, labels)
		for _, procs := range []int{2, 3, 7} {
			runtime.GOMAXPROCS(procs)
			got, _, grad := run(t, l, x, labels)
			require.Equal(t, want, got)
			require.Equal(t, wantGrad, grad, "GOMAXPROCS %d", procs)
		}
	}
}

// What a step keeps is some copies of the embeddings; all similarities would be 67 MB here.
func TestContrastMemory(t *testing.T) {
	const n, dim = 4096, 128
	p, labels := autograd.NewParam(gradtest.Normal(1, 1, n, dim)), labelsOf(n, 10)
	p.ZeroGrad()
	step := func(l loss.Loss) float64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&before)
		tape := autograd.NewTape(autograd.Mode{Train: true})
		y, _ := l.Forward(loss.Input{Embedding: nn.L2Normalize(tape.Param(p)), Labels: labels, Views: 1})
		tape.Backward(y, nil)
		runtime.GC() // twice: pools keep their content through one
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(tape)
		return float64(after.HeapAlloc) - float64(before.HeapAlloc)
	}
	rows := 4.0 * n * dim
	used := step(&loss.SupervisedContrastive{Temperature: 0.1})
	t.Logf("%.2f times the embeddings", used/rows)
	require.Less(t, used, 8*rows, "embeddings, gradients, sorted copies of both; tiles")
	require.Greater(t, step(&loss.PlainContrast{SupervisedContrastive: loss.SupervisedContrastive{Temperature: 0.1}}), 4.0*n*n,
		"the measure sees all similarities")
}

func BenchmarkContrast(b *testing.B) {
	sc := loss.SupervisedContrastive{Temperature: 0.1}
	for _, n := range []int{16, 64, 256, 1024, 4096} {
		for name, l := range map[string]loss.Loss{"plain": &loss.PlainContrast{SupervisedContrastive: sc}, "tiled": &sc} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				p, labels := autograd.NewParam(gradtest.Normal(1, 1, n, 128)), labelsOf(n, 10)
				mode := autograd.Mode{Train: true}
				tape := autograd.NewTape(mode)
				b.ReportAllocs()
				for b.Loop() {
					tape.Reset(mode)
					y, _ := l.Forward(loss.Input{Embedding: tape.Param(p), Labels: labels, Views: 1})
					tape.Backward(y, nil)
				}
			})
		}
	}
}
