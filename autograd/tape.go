package autograd

import (
	"maps"
	"math/rand/v2"
	"sync"

	"github.com/longtail-ml/longtail/blas"
	"github.com/longtail-ml/longtail/tensor"
	gonum "gonum.org/v1/gonum/blas"
)

// Mode says how the step of a tape runs. The zero value records gradients in evaluation mode.
type Mode struct {
	Train  bool // batch norm uses the batch's statistics, unless they are frozen
	NoGrad bool // record nothing: Backward is not possible
	// Recompute asks networks to keep less for Backward and to compute the rest again, block by block, see the function
	// Recompute. Bits stay the same.
	Recompute bool
	Trace     bool          // keep which operations run on what, see Tape.Trace; Recompute then keeps what it would drop
	Seed      uint64        // of Tape.Rand
	Weights   *Weights      // values to use in place of those of the parameters and buffers; nil: their own
	BLAS      gonum.Float32 // dense products; nil: package blas
	// Precision is that of convolutions: what they multiply, and what they keep for Backward. Sums, norms, all other operations and
	// all parameters are float32, and so is the whole convolution with fewer than 8 or an odd number of channels, or in groups.
	Precision Precision
	// Sum makes x the sum of all ranks' x, for batch norm that has the statistics of all ranks' rows while it trains. nil: those of
	// this process's rows. An error of it ends the step as *tensor.Error.
	Sum func(x []float64) error
}

// Tape records one step. Make it with NewTape.
type Tape struct {
	mode   Mode
	step   uint64
	nodes  []node
	leaves map[*Param]*Var // of this step, and of the one before, which it uses again
	after  []func()
	memory memory
	arenas arenas
	macs   int64
	source *rand.PCG // of rng
	rng    *rand.Rand
	spent  bool  // Backward has run
	inner  *Tape // of Recompute; nil until it is wanted
	trace  []Traced
	done   *completions // of BackwardDone; nil: nobody waits
}

type node struct {
	out   *Var
	in    []*Var
	pass  int // the input whose gradient is gy as back leaves it; −1: none
	into  int // the input whose gradient back writes if add is false; negative: none
	back  func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool)
	again func(gy *tensor.Tensor) // in place of back, of Recompute: takes gy over
	inner []*Param                // to whose gradients again adds
}

// NewTape returns an empty tape.
func NewTape(m Mode) *Tape {
	t := newTape(memory{pool: &pool{lent: map[*float32]*block{}}})
	t.Reset(m)
	return t
}

func newTape(m memory) *Tape { return &Tape{leaves: map[*Param]*Var{}, arenas: arenas{}, memory: m} }

// Reset ends the step: it forgets every operation, takes back the memory of Tensor for the next step and discards
// updates that were not committed.
func (t *Tape) Reset(m Mode) {
	t.Switch(m)
	t.macs, t.spent = 0, false
	maps.DeleteFunc(t.leaves, func(_ *Param, v *Var) bool { return v.step != t.step })
	t.step++
	clear(t.nodes)
	t.nodes = t.nodes[:0]
	clear(t.after)
	t.after = t.after[:0]
	t.trace = nil
	if t.inner != nil {
		t.inner.Reset(m)
	}
	for _, a := range t.arenas {
		a.takeBack()
	}
	t.memory.reset()
}

// Mode returns how this step runs.
func (t *Tape) Mode() Mode { return t.mode }

// Const puts x on the tape without a gradient.
func (t *Tape) Const(x *tensor.Tensor) *Var {
	return &Var{tape: t, step: t.step, value: x, shape: x.Shape()}
}

// Param puts p on the tape: the same Var each time within a step.
func (t *Tape) Param(p *Param) *Var {
	v, ok := t.leaves[p]
	if !ok {
		v = &Var{}
		t.leaves[p] = v
	}
	if v.step != t.step {
		x := t.mode.Weights.value(p.Value)
		*v = Var{tape: t, step: t.step, value: x, shape: x.Shape(), param: p, needs: !p.Frozen && !t.mode.NoGrad}
	}
	return v
}

// Buffer returns the value of a module's buffer in this step: b itself unless Mode.Weights holds another. A module
// must read its buffers through it.
func (t *Tape) Buffer(b *tensor.Tensor) *tensor.Tensor { return t.mode.Weights.value(b) }

// Kept returns what of makes of the value of p, made once for all tapes with the same fixed weights (see Weights.Fix): an
// arrangement of weights that suits a layer in prediction, say. form, which must be comparable, tells one from another. It is
// nil, and of is not called, on a tape with gradients and where the value may change.
func (t *Tape) Kept(p *Param, form any, of func(value *tensor.Tensor) any) any {
	w := t.mode.Weights
	value := w.Of(p.Value)
	if value == nil || !w.fixed || !t.mode.NoGrad {
		return nil
	}
	type key struct {
		value *tensor.Tensor
		form  any
	}
	once, found := w.kept.Load(key{value, form})
	if !found {
		once, _ = w.kept.LoadOrStore(key{value, form}, sync.OnceValue(func() any { return of(value) }))
	}
	return once.(func() any)()
}

// Tensor returns zeros that live until Reset: memory for results of operations.
func (t *Tape) Tensor(shape ...int) *tensor.Tensor {
	x := t.memory.borrow(shape)
	x.Zero()
	return x
}

// Scratch is Tensor with undefined contents, for a result that is written as a whole.
func (t *Tape) Scratch(shape ...int) *tensor.Tensor { return t.memory.borrow(shape) }

// Free gives memory of Tensor or Scratch back before Reset: what an operation needed for its backward pass, when that is
// over. Nothing may read x afterwards.
func (t *Tape) Free(x *tensor.Tensor) { t.memory.release(x) }

// AfterStep registers fn to run at Commit: how a layer in training updates its buffers without a forward pass changing
// anything by itself.
func (t *Tape) AfterStep(fn func()) { t.after = append(t.after, fn) }

// Commit runs what AfterStep registered, in order. Call it once per training step that is kept, before Reset.
func (t *Tape) Commit() {
	for _, fn := range t.after {
		fn()
	}
	clear(t.after)
	t.after = t.after[:0]
}

// Rand returns the step's source of randomness, a PCG of Mode.Seed.
func (t *Tape) Rand() *rand.Rand {
	if t.rng == nil {
		t.source = rand.NewPCG(t.mode.Seed, 0x6c6f6e677461696c)
		t.rng = rand.New(t.source)
	}
	return t.rng
}

// Switch lets the rest of the step run as m says, and Rand begin anew. NoGrad, Trace, Weights and Precision must stay as they are.
func (t *Tape) Switch(m Mode) {
	if m.BLAS == nil {
		m.BLAS = blas.Implementation{}
	}
	t.mode, t.rng = m, nil
}

// CountMACs adds n to the multiply-adds of this step; operations that multiply matrices call it.
func (t *Tape) CountMACs(n int64) { t.macs += n }

// MACs returns the multiply-adds of the forward pass so far.
func (t *Tape) MACs() int64 { return t.macs }

// PeakBytes returns the most memory that results and gradients of this step have taken at once so far, in bytes, whether or
// not the tape had it from steps before.
func (t *Tape) PeakBytes() int64 { return 4 * int64(t.memory.peak) }

// HeldBytes returns the memory that the tape has for results and gradients, in bytes, in use or not.
func (t *Tape) HeldBytes() (n int64) {
	for _, s := range t.memory.slabs {
		n += 4 * int64(len(s.data))
	}
	return n
}
