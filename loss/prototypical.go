package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
)

// PrototypicalContrastive is the PSC loss of hybrid networks (arXiv 2103.14267). With s_ij the inner product of
// embedding i and prototype j over the temperature and y the row's label,
//
//	L_i = −log( e^{s_iy} / Σ_{j≠y} e^{s_ij} )
//
// averaged over the rows. The denominator leaves the row's own class out, so the loss can be negative; IncludeOwn keeps
// it in, which is softmax. It computes R·C similarities where the SC loss computes R². It needs at least two classes.
type PrototypicalContrastive struct {
	// Bank has one prototype for each class. One that follows the embeddings is told of each step. nil: Build makes learnable
	// ones, which are the paper's.
	Bank prototype.Bank
	// Temperature τ; 0 means the paper's, which is 1 for up to ten classes (CIFAR-10) and 0.1 for more (CIFAR-100).
	Temperature float64
	// IncludeOwn keeps the row's own class in the denominator.
	IncludeOwn bool

	built  *prototype.Learnable // by Build
	target Target               // that it is built for
}

const psc = "1 on CIFAR-10, 0.1 on CIFAR-100"

// pscTemperature returns tau, or the paper's for the number of classes.
func pscTemperature(tau float64, classes int) float64 {
	if tau == 0 && classes <= 10 {
		return 1
	}
	return cmp.Or(tau, 0.1)
}

// Needs asks for embeddings.
func (l *PrototypicalContrastive) Needs() Needs { return Needs{Embedding: true} }

// Build makes learnable prototypes in random directions if Bank is nil. Those it made before stay if they were made for the
// same target: a second run of the same trainer trains them on.
func (l *PrototypicalContrastive) Build(t Target) error {
	if l.Bank != nil || l.built != nil && l.target == t {
		return nil
	}
	made, err := prototype.NewLearnable(prototype.Settings{Classes: t.Classes, Dim: t.Dim, Seed: t.Seed})
	if err != nil {
		return fmt.Errorf("loss: prototypical contrastive: %w", err)
	}
	l.built, l.target = made, t
	return nil
}

// Prototypes is Bank, or what Build made in its place; nil before.
func (l *PrototypicalContrastive) Prototypes() prototype.Bank {
	if l.Bank == nil && l.built != nil {
		return l.built
	}
	return l.Bank
}

// Prepare checks the settings against the number of classes.
func (l *PrototypicalContrastive) Prepare(classCounts []int) error {
	const name = "prototypical contrastive"
	if err := checkBank(name, "Bank", l.Prototypes(), len(classCounts), 1); err != nil {
		return err
	}
	if len(classCounts) < 2 {
		return fmt.Errorf("loss: %s: %d class: there must be another class to contrast with", name, len(classCounts))
	}
	return checkPositive(name, "Temperature", l.Temperature, psc)
}

// Visit shows the prototypes.
func (l *PrototypicalContrastive) Visit(v nn.Visitor) {
	if bank := l.Prototypes(); bank != nil {
		v.Sub("prototypes", bank)
	}
}

// Forward returns the loss. No rows give 0.
func (l *PrototypicalContrastive) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.PrototypicalContrastive"
	rows, width := check(op, in.Embedding, in)
	noMix(op, in)
	bank := l.Prototypes()
	if bank == nil {
		mustPrepare(op, l.Prepare(nil))
	}
	prototypes := bank.Vectors(in.Embedding.Tape())
	if prototypes.Dim(1) != width {
		panic(&tensor.Error{Op: op, Path: autograd.Path(prototypes), Shapes: []tensor.Shape{in.Embedding.Shape(), prototypes.Shape()},
			Detail: "embeddings and prototypes differ in width"})
	}
	classes := prototypes.Dim(0)
	checkLabels(op, in.Labels, classes)
	if classes < 2 {
		mustPrepare(op, l.Prepare(make([]int, classes)))
	}
	mustPrepare(op, checkPositive("prototypical contrastive", "Temperature", l.Temperature, psc))
	tau := pscTemperature(l.Temperature, classes)
	observeBank(bank, in)
	s := autograd.MatMulT(in.Embedding, prototypes)

	lse := make([]float64, rows)
	sum := 0.0
	for i, y := range in.Labels {
		v := s.Data()[i*classes : (i+1)*classes]
		lse[i] = l.denominator(v, y, tau)
		sum += lse[i] - float64(v[y])/tau
	}
	y := in.Embedding.Tape().Tensor()
	y.Data()[0] = float32(sum / float64(max(rows, 1)))
	return autograd.Op(op, y, []*autograd.Var{s}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float64(gy.Item()) / float64(max(rows, 1)) / tau
		for i, y := range in.Labels {
			v, ds := s.Data()[i*classes:(i+1)*classes], gx[0].Data()[i*classes:(i+1)*classes]
			for j := range v {
				if j != y || l.IncludeOwn {
					ds[j] += float32(g * math.Exp(float64(v[j])/tau-lse[i]))
				}
			}
			ds[y] -= float32(g)
		}
	}), Stats{Anchors: rows, ZeroRows: zeroRows(in.Embedding)}
}

// denominator returns the log-sum-exp over the classes of the denominator.
func (l *PrototypicalContrastive) denominator(s []float32, own int, tau float64) float64 {
	top := math.Inf(-1)
	for j, v := range s {
		if j != own || l.IncludeOwn {
			top = math.Max(top, float64(v)/tau)
		}
	}
	sum := 0.0
	for j, v := range s {
		if j != own || l.IncludeOwn {
			sum += math.Exp(float64(v)/tau - top)
		}
	}
	return top + math.Log(sum)
}
