package train_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// resumable are runs of 10 epochs of four steps that TestARunThatGoesOnHasTheSameBits interrupts. Every loss with state,
// bank, sampler and optimizer rule of the library must be in one of them.
var resumable = map[string]func(*testing.T, *hybrid.Network) train.Trainer{
	"CE by SGD": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CE(), Optimizer: optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3}}
	},
	"CE by AdamW, averaged": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CE(), Optimizer: optim.AdamW{WeightDecay: 0.01}, EMA: train.EMA{Decay: 0.9, Warmup: true}}
	},
	"CEBalanced by plain descent, accumulated": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CEBalanced(), Optimizer: optim.SGD{}, Batch: 4, Accumulate: 2}
	},
	"CE with dropout": func(_ *testing.T, n *hybrid.Network) train.Trainer { // whose randomness is that of each step
		n.Classifier = nn.Sequential{nn.Dropout{Keep: 0.7}, n.Classifier}
		return train.Trainer{Streams: hybrid.CE(), Optimizer: optim.SGD{Momentum: 0.9}}
	},
	"CE by groups of parameters": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CE(), Optimizer: optim.Groups{Rule: optim.SGD{Momentum: 0.9, WeightDecay: 1e-3},
			Groups: []optim.Group{{Match: []string{"classifier"}, LearningRate: 2, WeightDecay: 1e-2}}, NoVectorDecay: true}}
	},
	"CE with bounded rows": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CE(), Optimizer: optim.MaxNorm{Rule: optim.SGD{Momentum: 0.9, WeightDecay: 0.1}}}
	},
	"CEBalanced by AdamW": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.CEBalanced(), Optimizer: optim.AdamW{WeightDecay: 0.01}}
	},
	"SC by SGD, averaged and accumulated": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Batch: 4, Accumulate: 2, EMA: train.EMA{Decay: 0.95}}
	},
	"SC in chunks with recomputation, averaged and accumulated": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Batch: 4, Chunk: 2, Accumulate: 2, Recompute: true, EMA: train.EMA{Decay: 0.95}}
	},
	"SC by AdamW, slower towards the pixels": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Optimizer: optim.LayerDecay{Rule: optim.AdamW{}, Decay: 0.8}}
	},
	"PSC by SGD": func(t *testing.T, n *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.PSC(0.5), ClipNorm: 1}
	},
	"PSC by AdamW, averaged and accumulated": func(t *testing.T, n *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.PSC(0.5), Optimizer: optim.AdamW{WeightDecay: 0.1}, Batch: 4, Accumulate: 2, EMA: train.EMA{Decay: 0.9}}
	},
	"PSC by Adam": func(t *testing.T, n *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: hybrid.PSC(0.5), Optimizer: optim.Adam{WeightDecay: 0.1}}
	},
	"losses of logits": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: []hybrid.Stream{
			{Sampler: sampler.SquareRoot{}, Terms: []hybrid.Term{{Name: "focal", Loss: &loss.Focal{Gamma: 2}},
				{Name: "class-balanced", Loss: &loss.ClassBalanced{}}}},
			{Sampler: sampler.Reversed{}, Terms: []hybrid.Term{{Name: "logit-adjusted", Loss: &loss.LogitAdjusted{}}}},
			{Sampler: sampler.Progressive{}, Terms: []hybrid.Term{
				{Name: "ldam-drw", Loss: &loss.DRW{Before: &loss.LDAM{Scale: 1}, After: &loss.LDAM{Scale: 1, Reweight: true, Beta: 0.99}}}}},
		}}
	},
	"functions": func(*testing.T, *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: []hybrid.Stream{{
			Sampler: sampler.Func(func(labels []int, p sampler.Plan) ([]int, error) {
				return rand.New(rand.NewPCG(p.Seed, uint64(p.At.Epoch))).Perm(len(labels)), nil
			}),
			Terms: []hybrid.Term{
				{Name: "logits", Loss: loss.Func(func(x *autograd.Var, _ []int) *autograd.Var { return autograd.Mean(autograd.Mul(x, x)) })},
				{Name: "embedding", Loss: loss.EmbeddingFunc(func(z *autograd.Var, _ []int) *autograd.Var {
					return autograd.Mean(autograd.MatMulT(z, z))
				})},
			}}}}
	},
	"partners, deferred": func(t *testing.T, n *hybrid.Network) train.Trainer {
		body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 3, Branches: 2})
		require.NoError(t, err)
		branched := newNetwork(t, body, hybrid.WithSeed(3))
		*n = *branched
		s := hybrid.CE()
		s[0].Sampler, s[0].Partner = sampler.Deferred{After: sampler.ClassAware{}}, &hybrid.Partner{Sampler: sampler.Reversed{}}
		return train.Trainer{Streams: s, Batch: 4, Accumulate: 2}
	},
	"images blended with partners, and remixed": func(*testing.T, *hybrid.Network) train.Trainer {
		streams := append(hybrid.CE(), hybrid.CEBalanced()...)
		streams[0].Partner = &hybrid.Partner{Sampler: sampler.ClassBalanced{}, Blender: augment.CutMix{Alpha: 1, P: 1}, Weight: schedule.Constant(0.5)}
		streams[1].Mixer = hybrid.Remix{Blender: augment.Mixup{Alpha: 1}, Counts: []int{20, 9, 4, 3}}
		streams[1].Terms[0].Name = "remixed"
		return train.Trainer{Streams: streams, Batch: 4, Accumulate: 2}
	},
	"at a distance from the weights": func(_ *testing.T, n *hybrid.Network) train.Trainer {
		streams := hybrid.SC(0.1)
		streams[0].Terms[0].Rho = 0.05
		n.Classifier = nn.Sequential{nn.Dropout{Keep: 0.7}, n.Classifier}
		return train.Trainer{Streams: streams, Batch: 4, Accumulate: 2, ClipNorm: 1, EMA: train.EMA{Decay: 0.9}}
	},
	"taught, at a distance from the weights": func(t *testing.T, _ *hybrid.Network) train.Trainer {
		streams := hybrid.CE()
		streams[0].Terms = append(streams[0].Terms, hybrid.Term{Name: "distillation", Loss: &loss.Distillation{}, Rho: 0.05})
		return train.Trainer{Streams: streams.TaughtBy(resNet(t, 8)), Batch: 4, Accumulate: 2, ClipNorm: 1}
	},
	"experts": func(t *testing.T, n *hybrid.Network) train.Trainer {
		body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 3, Branches: 2})
		require.NoError(t, err)
		*n = *newNetwork(t, body, hybrid.WithSeed(3))
		return train.Trainer{ClipNorm: 1, Streams: []hybrid.Stream{{Sampler: sampler.Instance{}, Terms: []hybrid.Term{
			{Name: "experts", Loss: &loss.Experts{Each: []loss.Loss{newStateful(), &loss.LogitAdjusted{}}}},
			{Name: "diversity", Loss: &loss.ExpertDiversity{Scale: 1}}}}}}
	},
	"losses with queues and means": func(t *testing.T, n *hybrid.Network) train.Trainer {
		points, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: classes, Dim: n.EmbeddingDim(), Seed: 1})
		require.NoError(t, err)
		targets, err := prototype.NewTargets(points)
		require.NoError(t, err)
		proco, err := loss.NewProCo(loss.ProCoSettings{Classes: classes, Dim: n.EmbeddingDim()})
		require.NoError(t, err)
		kcl := loss.KCL{Queue: queue(t, n), Temperature: 0.1, Positives: 2}
		return train.Trainer{ClipNorm: 1, Batch: 4, Accumulate: 2, KeyDecay: 0.9, Streams: []hybrid.Stream{{Sampler: sampler.Instance{},
			Views: []augment.Transform{augment.Flip{P: 0.5}, augment.Grayscale{P: 0.5}, augment.Identity{}},
			Terms: []hybrid.Term{
				{Name: "kcl", Loss: &kcl, Views: []int{0, 2}, KeyViews: []int{1}},
				{Name: "tsc", Loss: &loss.TSC{KCL: loss.KCL{Queue: queue(t, n), Temperature: 0.1, WithoutMomentum: true}, Targets: targets}},
				{Name: "gpaco", Loss: &loss.PaCo{Queue: queue(t, n), Temperature: 0.1, WithoutMomentum: true}, Views: []int{0, 1}},
				{Name: "proco", Loss: proco},
			}}}}
	},
	"prototypes of every kind": func(t *testing.T, n *hybrid.Network) train.Trainer {
		size := prototype.Settings{Classes: classes, Dim: n.EmbeddingDim(), PerClass: 2}
		moving, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: size})
		require.NoError(t, err)
		size.PerClass = 1
		means, err := prototype.NewClassMean(size)
		require.NoError(t, err)
		points, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: classes, Dim: n.EmbeddingDim(), Seed: 1})
		require.NoError(t, err)
		fixed, err := prototype.NewFixed(points)
		require.NoError(t, err)
		weight := n.Classifier.(*nn.Linear).Weight
		learnable, err := prototype.NewLearnable(prototype.Settings{Classes: classes, Dim: n.EmbeddingDim()})
		require.NoError(t, err)
		centers := &prototype.ClassifierRows{Weight: weight,
			Head: nn.Sequential{nn.NewLinear(nn.LinearSettings{In: weight.Value.Dim(1), Out: 8, Seed: 1}), nn.NewBatchNorm2d(8), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 8, Out: n.EmbeddingDim(), Seed: 1})}}
		return train.Trainer{ClipNorm: 1, Batch: 4, Accumulate: 2, Streams: []hybrid.Stream{{Sampler: sampler.Instance{}, Terms: []hybrid.Term{
			{Name: "moving", Loss: &loss.MultiPrototypicalContrastive{Bank: moving, PerClass: 2, Temperature: 0.5}},
			{Name: "means", Loss: &loss.PrototypicalContrastive{Bank: means, Temperature: 0.5}},
			{Name: "learnable", Loss: &loss.PrototypicalContrastive{Bank: learnable, Temperature: 0.5}},
			{Name: "fixed", Loss: &loss.PrototypicalContrastive{Bank: fixed, Temperature: 0.5}},
			{Name: "bcl", Loss: &loss.BalancedContrastive{Bank: centers, Temperature: 0.1}},
		}}}}
	},
	"chosen, averaged, with patience": func(t *testing.T, _ *hybrid.Network) train.Trainer {
		_, validation := generated(t, 9)
		return train.Trainer{Streams: hybrid.SC(0.1), EMA: train.EMA{Decay: 0.5}, Validation: validation, Patience: 10, ClipNorm: 1}
	},
	"parts frozen, averaged, with keys": partlyFrozen,
	"a loss with state of every kind": func(t *testing.T, n *hybrid.Network) train.Trainer {
		return train.Trainer{Streams: []hybrid.Stream{ordered(hybrid.Term{Name: "stateful", Loss: newStateful()})}, Batch: 4, Accumulate: 2}
	},
}

// queue is shorter than an epoch and no multiple of a batch.
func queue(t *testing.T, n *hybrid.Network) *loss.Queue {
	q, err := loss.NewQueue(13, n.EmbeddingDim())
	require.NoError(t, err)
	return q
}

// stateful is cross-entropy scaled by a buffer and a counter, which move in each batch, and the squares of its parameters,
// one of which is used in the first three epochs only.
type stateful struct {
	early, late *autograd.Param
	buffer      *tensor.Tensor
	count       counter
}

type counter uint64

func (c *counter) MarshalBinary() ([]byte, error) {
	return binary.LittleEndian.AppendUint64(nil, uint64(*c)), nil
}

func (c *counter) UnmarshalBinary(b []byte) error {
	*c = counter(binary.LittleEndian.Uint64(b))
	return nil
}

func newStateful() *stateful {
	return &stateful{early: autograd.NewParam(tensor.Scalar(1)), late: autograd.NewParam(tensor.Scalar(1)), buffer: tensor.Scalar(0)}
}

func (s *stateful) Needs() loss.Needs { return loss.Needs{Logits: true} }

func (s *stateful) Visit(v nn.Visitor) {
	v.Param("early", s.early)
	v.Param("late", s.late)
	v.Buffer("buffer", s.buffer)
	v.State("count", &s.count)
}

func (s *stateful) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	tape := in.Logits.Tape()
	y, stats := (&loss.CrossEntropy{}).Forward(in)
	y = autograd.Scale(y, 1+0.1*float64(tape.Buffer(s.buffer).Item())+0.01*float64(s.count%7))
	used := s.late
	if in.At.Epoch < 3 {
		used = s.early
	}
	value := y.Value().Item()
	tape.AfterStep(func() {
		s.count++
		s.buffer.Data()[0] = 0.9*s.buffer.Data()[0] + 0.1*value
	})
	return autograd.Add(y, autograd.Mul(tape.Param(used), tape.Param(used))), stats
}

// trainerOf returns the trainer of a case and its network, as a program does that starts anew.
func trainerOf(t *testing.T, name, dir string) (train.Trainer, *hybrid.Network) {
	n := resNet(t, 3)
	tr := resumable[name](t, n)
	if tr.Batch == 0 {
		tr.Batch = 8
	}
	tr.Epochs, tr.Seed, tr.EvalEvery, tr.EvalBatch = 10, 5, 3, 7
	tr.LearningRate = schedule.Warmup{Epochs: 2, Then: schedule.Cosine{Base: 0.05}}
	tr.Checkpoints, tr.Notes.Method = train.Checkpoints{Dir: dir, EveryEpochs: 4, Resume: true}, name
	return tr, n
}

// ended is what a run leaves: the files of its last checkpoint, without times.
func ended(t *testing.T, dir string) map[string]string {
	t.Helper()
	c, damaged, err := checkpoint.Store{Dir: dir}.Newest()
	require.NoError(t, err)
	require.Empty(t, damaged)
	require.Equal(t, 10, c.Run.Epoch)
	files := map[string]string{}
	all, err := os.ReadDir(c.Path)
	require.NoError(t, err)
	for _, f := range all {
		text, err := os.ReadFile(filepath.Join(c.Path, f.Name()))
		require.NoError(t, err)
		if f.Name() == "run.json" {
			text = times.ReplaceAll(text, nil)
		}
		if f.Name() != "SHA256SUMS" {
			files[f.Name()] = string(text)
		}
	}
	return files
}

var times = regexp.MustCompile(`"(seconds|images_per_second)": [^,\n]*`)

func resultText(t *testing.T, r *train.Result) string {
	t.Helper()
	text, err := json.MarshalIndent(r, "", " ")
	require.NoError(t, err)
	return string(times.ReplaceAll(text, nil)) + fmt.Sprint(r.Confusion)
}

func TestARunThatGoesOnHasTheSameBits(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	trainSet, test := generated(t, 9)
	tested := map[string]bool{}
	for name := range resumable {
		if underRace() && name != "PSC by AdamW, averaged and accumulated" {
			continue // one has all that is concurrent
		}
		t.Run(name, func(t *testing.T) {
			runtime.GOMAXPROCS(procs)
			dir := t.TempDir()
			tr, n := trainerOf(t, name, dir)
			want := resultText(t, fit(t, tr, n, trainSet, test))
			bits := ended(t, dir)
			for _, kind := range regexp.MustCompile(`\b[a-z]+\.[A-Z]\w*`).FindAllString(bits["manifest.json"], -1) {
				tested[kind] = true
			}
			for way, interrupt := range interruptions {
				dir := t.TempDir()
				for i, p := range []int{3, 1, 7} {
					runtime.GOMAXPROCS(p)
					tr, n := trainerOf(t, name, dir)
					if i < 2 {
						interrupt(t, tr, n, trainSet, test, i)
						continue
					}
					r := fit(t, tr, n, trainSet, test)
					require.Equal(t, want, resultText(t, r), way)
					require.Equal(t, tr.EMA.Decay > 0, r.EMA != nil)
					got := ended(t, dir)
					for file := range bits {
						require.True(t, bits[file] == got[file], "%s: %s differs", way, file)
					}
				}
			}
		})
	}
	if t.Failed() || underRace() {
		return
	}
	for _, name := range exported(t) {
		require.True(t, tested[name], "%s has no case in resumable: add one, so that its state is known to be saved", name)
	}
}

// interruptions end the i-th attempt of a run.
var interruptions = map[string]func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int){
	"cancelled after epochs": func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int) {
		ctx, cancel := context.WithCancel(context.Background())
		tr.OnEpoch = func(e train.EpochReport) error {
			if e.Epoch == []int{1, 4}[i] {
				cancel()
			}
			return nil
		}
		_, err := tr.Fit(ctx, n, trainSet, test)
		require.ErrorIs(t, err, context.Canceled)
	},
	"cancelled after steps": func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int) {
		ctx, cancel := context.WithCancel(context.Background())
		tr.OnStep = func(s train.StepReport) error {
			if s.At.Epoch == []int{2, 7}[i] && s.At.Step == []int{0, 3}[i] {
				cancel()
			}
			return nil
		}
		_, err := tr.Fit(ctx, n, trainSet, test)
		require.ErrorIs(t, err, context.Canceled)
	},
	"cancelled anywhere": func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int) {
		ctx, cancel := context.WithCancel(context.Background())
		var asked atomic.Int64
		_, err := tr.Fit(ctx, n, with{Dataset: trainSet, image: func(k int, dst *dataset.Image) error {
			if asked.Add(1) == []int64{61, 95}[i] {
				cancel()
			}
			return trainSet.Image(k, dst)
		}}, test)
		require.ErrorIs(t, err, context.Canceled)
	},
	"cancelled in evaluation": func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int) {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := tr.Fit(ctx, n, trainSet, with{Dataset: test, image: func(k int, dst *dataset.Image) error {
			if k == 50 {
				cancel()
			}
			return test.Image(k, dst)
		}})
		require.ErrorIs(t, err, context.Canceled)
	},
	"cancelled in a hook": func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int) {
		ctx, cancel := context.WithCancel(context.Background())
		tr.OnEpoch = func(e train.EpochReport) error {
			if e.Epoch != []int{2, 5}[i] {
				return nil
			}
			cancel()
			return ctx.Err()
		}
		_, err := tr.Fit(ctx, n, trainSet, test)
		require.ErrorIs(t, err, context.Canceled)
	},
	"crashed": func(t *testing.T, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset, i int) {
		tr.Checkpoints.EverySteps = 3
		tr.OnStep = func(s train.StepReport) error {
			if s.At.Epoch == []int{0, 4}[i] && s.At.Step == []int{1, 3}[i] {
				panic("crash")
			}
			return nil
		}
		require.PanicsWithValue(t, "crash", func() { _, _ = tr.Fit(context.Background(), n, trainSet, test) })
	},
}

// exported lists the types of the library that a run is made of: losses with state, banks, optimizer rules, samplers.
func exported(t *testing.T) (names []string) {
	t.Helper()
	for room, method := range map[string]string{"loss": "Forward", "prototype": "Vectors", "optim": "New", "sampler": "Epoch"} {
		found, methods := 0, map[string][]string{}
		files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		require.NoError(t, err)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Recv == nil {
					continue
				}
				receiver := f.Recv.List[0].Type
				if pointer, ok := receiver.(*ast.StarExpr); ok {
					receiver = pointer.X
				}
				if name := receiver.(*ast.Ident).Name; ast.IsExported(name) {
					methods[name] = append(methods[name], f.Name.Name)
				}
			}
		}
		for name, all := range methods {
			// A loss without state remembers nothing.
			if slices.Contains(all, method) && (room != "loss" || slices.Contains(all, "Visit")) {
				names = append(names, room+"."+name)
				found++
			}
		}
		require.Positive(t, found, "%s has no %s any more: list what takes its place", room, method)
	}
	return names
}
