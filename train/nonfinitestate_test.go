package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// remembering is cross-entropy with a buffer that it never reads.
type remembering struct {
	loss.CrossEntropy
	memory *tensor.Tensor
}

func (r remembering) Visit(v nn.Visitor) { v.Buffer("memory", r.memory) }

// scaled is cross-entropy in other units.
type scaled struct {
	loss.CrossEntropy
	by float64
}

func (s scaled) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	y, stats := s.CrossEntropy.Forward(in)
	return autograd.Scale(y, s.by), stats
}

// What is kept beside the parameters is looked at as they are: the loss and all parameters are finite here.
func TestStateThatIsNotFiniteEndsTheRun(t *testing.T) {
	trainSet, test := generated(t, 10) // 10 steps
	for name, c := range map[string]struct {
		spoil func(*train.Trainer, map[string]*tensor.Tensor)
		want  string
		saved string
	}{
		"running variance": {func(tr *train.Trainer, state map[string]*tensor.Tensor) {
			tr.OnStep = func(s train.StepReport) error {
				if s.Number == 13 {
					state["backbone.bn1.running_var"].Data()[1] = float32(math.Inf(1))
				}
				return nil
			}
		}, "backbone.bn1.running_var", "e1 s0"},
		"memory of a loss": {func(tr *train.Trainer, _ map[string]*tensor.Tensor) {
			l := &remembering{memory: tensor.New(3)}
			tr.Streams[0].Terms[0].Loss = l
			tr.OnStep = func(s train.StepReport) error {
				if s.Number == 13 {
					l.memory.Data()[2] = float32(math.NaN())
				}
				return nil
			}
		}, "losses.ce.memory", "e1 s0"},
		"average weights": {func(tr *train.Trainer, state map[string]*tensor.Tensor) {
			tr.EMA.Decay = 0.9
			tr.OnEpoch = func(e train.EpochReport) error {
				e.Average.Of(state["backbone.bn1.weight"]).Data()[0] = float32(math.Inf(-1))
				return nil
			}
		}, "ema: backbone.bn1.weight", ""},
		"optimizer": {func(tr *train.Trainer, _ map[string]*tensor.Tensor) {
			tr.Optimizer = optim.Adam{}
			tr.Streams[0].Terms[0].Loss = &scaled{by: 1e30}
		}, "optimizer: square.", ""},
	} {
		for _, cancelled := range []bool{false, true} {
			n, tr := resNet(t, 1), short()
			tr.Epochs, tr.Checkpoints.Dir = 3, t.TempDir()
			state := map[string]*tensor.Tensor{}
			for _, e := range nn.Entries(n) {
				state[e.Path] = e.Tensor()
			}
			c.spoil(&tr, state)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if step := tr.OnStep; cancelled {
				tr.OnStep = func(s train.StepReport) error {
					if s.Number == 15 {
						cancel()
					}
					if step != nil {
						return step(s)
					}
					return nil
				}
			}
			_, err := tr.Fit(ctx, n, trainSet, test)
			var bad *train.NonFiniteError
			require.ErrorAs(t, err, &bad, name)
			require.Contains(t, bad.Param, c.want, name)
			require.Contains(t, err.Error(), c.want)
			require.Equal(t, c.saved, listed(t, tr.Checkpoints.Dir), "%s: nothing but what is finite is saved", name)
		}
	}
}

// Rates far too high leave a loss and weights that are finite, and statistics that are not.
func TestADivergedRunIsAnError(t *testing.T) {
	trainSet, test := generated(t, 20)
	diverged := 0
	for _, rate := range []float64{100, 300, 1000} {
		n, tr := resNet(t, 1), short()
		tr.Epochs, tr.Batch, tr.LearningRate, tr.Checkpoints.Dir = 4, 8, schedule.Constant(rate), t.TempDir()
		_, err := tr.Fit(context.Background(), n, trainSet, test)
		_, frozen := n.Freeze()
		require.Equal(t, frozen != nil, err != nil, "rate %v: %v, %v", rate, frozen, err)
		if err != nil {
			diverged++
			require.ErrorAs(t, err, new(*train.NonFiniteError))
		}
	}
	require.NotZero(t, diverged)
}
