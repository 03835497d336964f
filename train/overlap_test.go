package train_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// chain is a network of layers that are large enough for several buckets, with one that is used twice, one that only some steps use, one
// that is frozen and one that no step uses.
type chain struct {
	layers       []*autograd.Param
	shared, late *autograd.Param
}

const (
	wide   = 160
	layers = 12
)

var weights = sync.OnceValue(func() (all []*tensor.Tensor) {
	for i := range layers + 2 {
		all = append(all, gradtest.Normal(uint64(i), 0.05, wide, wide))
	}
	return all
})

func newChain() *chain {
	all := weights()
	c := &chain{shared: autograd.NewParam(all[layers].Clone()), late: autograd.NewParam(all[layers+1].Clone())}
	for i := range layers {
		c.layers = append(c.layers, autograd.NewParam(all[i].Clone()))
	}
	c.layers[5].Frozen = true
	return c
}

func (c *chain) Visit(v nn.Visitor) {
	for i, p := range c.layers {
		v.Param(fmt.Sprint("layer", i), p)
	}
	v.Param("shared", c.shared)
	v.Param("late", c.late)
	v.Param("unused", autograd.NewParam(tensor.New(3)))
}

func (c *chain) forward(t *autograd.Tape, rank int, late bool) *autograd.Var {
	x := t.Const(gradtest.Normal(uint64(70+rank), 1, 6, wide))
	for i, p := range c.layers {
		layer := func(x *autograd.Var) *autograd.Var { return autograd.MatMul(x, x.Tape().Param(p)) }
		if i%4 == 1 {
			x = autograd.Recompute(x, layer)
		} else {
			x = layer(x)
		}
		if i == 2 || i == 8 {
			x = autograd.Add(x, autograd.MatMul(x, t.Param(c.shared)))
		}
		if i == 6 && late {
			x = autograd.Add(x, autograd.MatMul(x, t.Param(c.late)))
		}
	}
	return autograd.Sum(autograd.Exp(autograd.Scale(x, 0.1)))
}

// gradients are those of a chain on a rank in the order of its parameters.
func gradients(c *chain) (all [][]float32) {
	for _, e := range nn.Params(c) {
		if e.Param.Grad == nil || e.Param.Frozen {
			all = append(all, nil)
			continue
		}
		all = append(all, slices.Clone(e.Param.Grad.Data()))
	}
	return all
}

// Sums that go on beside the backward pass are those of whole gradients in the order of ranks, to the bit.
func TestSumsBesideTheBackwardPass(t *testing.T) {
	for _, ranks := range []int{2, 3, 4} {
		for _, rho := range []float64{0, 0.1} {
			if rho > 0 && ranks > 2 {
				continue // two are enough for that
			}
			var want [][][]float32 // of each step
			got := make([][][][]float32, ranks)
			var sums atomic.Int32
			chains := make([]*chain, ranks)
			for r := range chains {
				chains[r] = newChain()
			}
			steps := []bool{false, false, true, true} // whether late is used
			for _, late := range steps {
				if rho > 0 {
					break // where they go up needs all ranks
				}
				alone := make([][][]float32, ranks)
				for r, c := range chains {
					optim.ZeroGrad(nn.Params(c))
					tape := autograd.NewTape(autograd.Mode{})
					tape.Backward(autograd.Scale(c.forward(tape, r, late), 1/float64(ranks)), nil)
					alone[r] = gradients(c)
				}
				for p, g := range alone[0] { // becomes the sum
					for r := 1; r < ranks; r++ {
						for i := range g {
							g[i] += alone[r][p][i]
						}
					}
				}
				want = append(want, alone[0])
			}
			require.NoError(t, distributed.Run(ranks, func(c distributed.Communicator) error {
				net := newChain()
				params := nn.Params(net)
				step := train.Step{Params: params, Optimizer: still{}, Tape: autograd.NewTape(autograd.Mode{}), Ranks: c, Rho: rho}
				step.Trace = func(s train.Span) {
					if s.Name == "sum" {
						sums.Add(1)
					}
				}
				for _, late := range steps {
					if _, _, err := step.Take(0.1, autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
						return net.forward(t, c.Rank(), late), nil
					}); err != nil {
						return err
					}
					got[c.Rank()] = append(got[c.Rank()], gradients(net))
				}
				return nil
			}))
			require.Greater(t, sums.Load(), int32(4*ranks*len(steps)), "several buckets")
			for s := range steps {
				for p, g := range got[0][s] {
					for r := range ranks {
						require.True(t, slices.Equal(g, got[r][s][p]), "step %d, parameter %d, rank %d of %d", s, p, r, ranks)
					}
					if rho == 0 {
						require.True(t, slices.Equal(want[s][p], g), "step %d, parameter %d of %d ranks", s, p, ranks)
					}
				}
			}
		}
	}
}

// still is an optimizer that leaves everything where it is.
type still struct{ optim.Optimizer }

func (still) Step(float64) {}

// slow takes a while for each message, and tells of each that has come.
type slow struct {
	distributed.Communicator
	came chan struct{}
}

func (s slow) AllGather(x []byte, counts []int) error {
	time.Sleep(time.Millisecond)
	err := s.Communicator.AllGather(x, counts)
	select {
	case s.came <- struct{}{}:
	default:
	}
	return err
}

// Buckets leave while the pass goes on: sums of late layers are over before an early layer's gradient is computed.
func TestBucketsLeaveEarly(t *testing.T) {
	require.NoError(t, distributed.Run(2, func(c distributed.Communicator) error {
		net, came := newChain(), make(chan struct{}, 1000)
		step := train.Step{Params: nn.Params(net), Optimizer: still{}, Tape: autograd.NewTape(autograd.Mode{}), Ranks: slow{c, came}}
		var spans []train.Span
		step.Trace = func(s train.Span) { spans = append(spans, s) }
		for i := range 2 {
			for spans = nil; len(came) > 0; {
				<-came
			}
			if _, _, err := step.Take(0.1, autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
				x := t.Const(gradtest.Normal(3, 1, 6, wide))
				x = autograd.MatMul(x, t.Param(net.layers[0]))
				x = autograd.Op("wait", x.Value(), []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
					for range 3 * i { // buckets of the second step
						select {
						case <-came:
						case <-time.After(time.Minute):
							panic(&tensor.Error{Op: "wait", Detail: "no bucket has come while the pass goes on"})
						}
					}
					copy(gx[0].Data(), gy.Data())
				})
				for _, p := range net.layers[1:] {
					x = autograd.MatMul(x, t.Param(p))
				}
				return autograd.Sum(x), nil
			}); err != nil {
				return err
			}
			seconds, hidden := train.Hidden(spans)
			if i == 0 && hidden != 0 {
				return fmt.Errorf("the first step knows no order, but hides %v s", hidden)
			}
			if i == 1 && !(hidden > 0 && hidden < seconds) {
				return fmt.Errorf("%v s of %v are hidden", hidden, seconds)
			}
			bytes := 0
			for _, s := range spans {
				bytes += s.Bytes
			}
			if want := 4 * wide * wide * (layers - 1); bytes != want {
				return fmt.Errorf("%d bytes are summed, not %d", bytes, want)
			}
		}
		return nil
	}))
}

// breaks fails from some message on.
type breaks struct {
	distributed.Communicator
	at *int
}

var errBroken = errors.New("the cable is out")

func (b breaks) AllToAll(send []byte, sent []int, receive []byte, received []int) error {
	if *b.at--; *b.at < 0 {
		return errBroken
	}
	return b.Communicator.AllToAll(send, sent, receive, received)
}

// A message that fails, and a backward pass that panics, end the step with an error on all ranks, and nothing is left on its way.
func TestFailuresBesideTheBackwardPass(t *testing.T) {
	for name, fail := range map[string]struct {
		message int
		panics  bool
	}{"a message": {12, false}, "the pass": {1000, true}} {
		t.Run(name, func(t *testing.T) {
			errs := make([]error, 3)
			_ = distributed.Run(3, func(c distributed.Communicator) error {
				at := math.MaxInt
				if c.Rank() == 1 {
					at = fail.message
				}
				net := newChain()
				step := train.Step{Params: nn.Params(net), Optimizer: still{}, Tape: autograd.NewTape(autograd.Mode{}), Ranks: breaks{c, &at}}
				for i := range 4 {
					err := tensor.Try(func() error {
						_, _, err := step.Take(0.1, autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
							first := autograd.Op("fails", t.Tensor(), []*autograd.Var{t.Param(net.layers[0])}, func(*tensor.Tensor, []*tensor.Tensor) {
								if fail.panics && c.Rank() == 1 && i == 2 { // when most has run
									panic(&tensor.Error{Op: "fails", Detail: "of its own"})
								}
							})
							return autograd.Add(net.forward(t, c.Rank(), false), first), nil
						})
						return err
					})
					if err != nil {
						errs[c.Rank()] = err
						return err
					}
				}
				return nil
			})
			for r := range errs {
				require.Error(t, errs[r], "rank %d", r)
			}
			if fail.panics {
				require.ErrorContains(t, errs[1], "of its own")
			} else {
				require.ErrorIs(t, errs[1], errBroken)
			}
			require.ErrorContains(t, errs[0], "rank 1 has left")
		})
	}
}

// A parameter that has a gradient on one rank alone is an error of both.
func TestGradientsThatOneRankHas(t *testing.T) {
	errs := make([]error, 2)
	_ = distributed.Run(2, func(c distributed.Communicator) error {
		net := newChain()
		step := train.Step{Params: nn.Params(net), Optimizer: still{}, Tape: autograd.NewTape(autograd.Mode{}), Ranks: c}
		_, _, err := step.Take(0.1, autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
			return net.forward(t, c.Rank(), c.Rank() == 1), nil
		})
		errs[c.Rank()] = err
		return err
	})
	require.ErrorContains(t, errs[1], "rank 1 has gradients of 13 parameters, rank 0 of 12")
	require.ErrorContains(t, errs[0], "rank 1 has left")
}

// Batch norm of all ranks' rows speaks within the pass, between buckets.
func TestStatisticsBetweenBuckets(t *testing.T) {
	ends := make([][]float32, 3)
	require.NoError(t, distributed.Run(3, func(c distributed.Communicator) error {
		net := newChain()
		norm := nn.NewBatchNorm2d(wide)
		params := append(nn.Params(net), nn.Params(norm)...)
		step := train.Step{Params: params, Optimizer: still{}, Tape: autograd.NewTape(autograd.Mode{}), Ranks: slow{Communicator: c}}
		sum := func(x []float64) error { return distributed.AllReduce(c, x) }
		for range 3 {
			if _, _, err := step.Take(0.1, autograd.Mode{Train: true, Sum: sum}, func(t *autograd.Tape) (*autograd.Var, error) {
				x := t.Const(gradtest.Normal(uint64(c.Rank()), 1, 4, wide))
				for _, p := range net.layers {
					x = autograd.Reshape(norm.Forward(autograd.Reshape(autograd.MatMul(x, t.Param(p)), 4, 1, 1, wide)), 4, wide)
				}
				return autograd.Sum(autograd.Exp(x)), nil
			}); err != nil {
				return err
			}
		}
		for _, g := range gradients(net) {
			ends[c.Rank()] = append(ends[c.Rank()], g...)
		}
		return nil
	}))
	require.NotEmpty(t, ends[0])
	require.Equal(t, ends[0], ends[1])
	require.Equal(t, ends[0], ends[2])
}
