package loss

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
)

// TSC is targeted supervised contrastive learning (arXiv 2111.13998): KCL with points on the sphere, one a class, that
// the classes are drawn to. The class's target c_y is a positive of weight w, and all targets join the denominator:
//
//	L_i = −1/(|P(i)|+1) [ Σ_{p∈P(i)} log σ_i(p) + w·log σ_i(c_y) ],   σ_i(k) = e^{s_ik} / Σ_{a∈A(i)∪targets} e^{s_ia}
//
// with P, A and s of KCL. That is the authors' code, in which one count divides both parts; the paper's 1/|P| Σ + λ·log σ
// is, up to a factor, w = λ·|P|.
type TSC struct {
	// KCL has queue, temperature and positives.
	KCL
	// Targets of the classes, prototype.NewTargets over prototype.OnSphere. Another bank makes fixed or learned ones.
	Targets prototype.Bank
	// TargetWeight w; 0 means the paper's 0.2, Off means 0.
	TargetWeight float64
}

// Prepare checks the settings against the number of classes.
func (l *TSC) Prepare(classCounts []int) error {
	if err := l.check("TSC"); err != nil {
		return err
	}
	if err := checkSetting("TSC", "TargetWeight", l.TargetWeight, 0.2); err != nil {
		return err
	}
	return checkBank("TSC", "Targets", l.Targets, len(classCounts), 1)
}

// Visit shows queue and targets.
func (l *TSC) Visit(v nn.Visitor) {
	l.KCL.Visit(v)
	v.Sub("targets", l.Targets)
}

// Forward returns the loss. On a training tape the keys enter the queue, and the targets see the embeddings, at Commit.
func (l *TSC) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.TSC"
	check(op, in.Embedding, in)
	if l.Targets == nil {
		mustPrepare(op, l.Prepare(nil))
	}
	y, stats := l.contrast(op, "TSC", in, l.Targets.Vectors(in.Embedding.Tape()), float32(setting(l.TargetWeight, 0.2)))
	observeBank(l.Targets, in)
	return y, stats
}
