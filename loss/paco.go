package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// PaCo is parametric contrastive learning (arXiv 2107.12028). The classifier's logits f_c are learnable centres that join
// the samples as columns: x_c = (f_c + log q_c)/CenterTemperature with q the classes' shares of the images, and
// x_j = z·z_j/τ over the other rows, the keys and the queue. A row's own centre is a positive of weight 1, every sample of
// its class one of weight α:
//
//	L_i = −Σ_j w_j log( e^{x_j} / Σ_k e^{x_k} ) / Σ_j w_j
//
// averaged over the rows. Prepare computes q; a class without images is left out of the centres, and evaluation uses the
// logits as they are.
//
// As published the rows are the first view's, Keys are the other's by the momentum encoder, and the queue holds keys.
// GPaCo (arXiv 2209.12400) is WithoutMomentum: all views are rows, and the queue holds embeddings of all but the first.
type PaCo struct {
	// Queue of keys; nil: none. The paper's holds 1,024 on CIFAR, 8,192 on ImageNet.
	Queue *Queue
	// Temperature τ; 0 means 0.05, the paper's on CIFAR; on ImageNet it uses 0.2.
	Temperature float64
	// CenterTemperature divides the logits; 0 means the paper's 1.
	CenterTemperature float64
	// Alpha is the weight of a sample as a positive; 0 means 0.01, the paper's on CIFAR, Off means 0.
	Alpha float64
	// Smoothing spreads this share of the own centre's weight over the other centres, as GPaCo may; in [0, 1).
	Smoothing float64
	// WithoutMomentum uses no Keys.
	WithoutMomentum bool

	logPrior []float64
}

// Needs asks for embeddings and logits, and keys unless WithoutMomentum.
func (l *PaCo) Needs() Needs {
	return Needs{Embedding: true, Logits: true, Keys: !l.WithoutMomentum}
}

// Prepare checks the settings and computes the classes' shares.
func (l *PaCo) Prepare(classCounts []int) (err error) {
	if err := checkPositive("PaCo", "Temperature", l.Temperature, "0.05 on CIFAR"); err != nil {
		return err
	}
	if err := checkPositive("PaCo", "CenterTemperature", l.CenterTemperature, "1"); err != nil {
		return err
	}
	if err := checkSetting("PaCo", "Alpha", l.Alpha, 0.01); err != nil {
		return err
	}
	if !(l.Smoothing >= 0 && l.Smoothing < 1) {
		return fmt.Errorf("loss: PaCo: Smoothing %v must be in [0, 1)", l.Smoothing)
	}
	l.logPrior, err = logPriors("PaCo", classCounts)
	return err
}

// Visit shows the queue.
func (l *PaCo) Visit(v nn.Visitor) {
	if l.Queue != nil {
		v.Sub("queue", l.Queue)
	}
}

// Forward returns the loss. No rows give 0. On a training tape the keys enter the queue at Commit. It panics with
// *tensor.Error unless Prepare has been called.
func (l *PaCo) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.PaCo"
	rows, _ := check(op, in.Embedding, in)
	noMix(op, in)
	classes := checkLogits(op, in)
	mustKnowClasses(op, len(l.logPrior), classes)
	checkHasImages(op, in.Labels, l.logPrior)
	checkViews(op, in, !l.WithoutMomentum)

	z, n := in.Embedding, rows/in.Views
	tau, warmth := cmp.Or(l.Temperature, 0.05), cmp.Or(l.CenterTemperature, 1)
	bias := make([]float64, classes)
	for c, q := range l.logPrior {
		bias[c] = q / warmth
	}
	blocks := []columns{
		{v: in.Logits, temperature: warmth, bias: bias},
		{v: autograd.MatMulT(z, z), temperature: tau},
	}
	labels := append([]int(nil), in.Labels...) // of the columns after the centres
	if in.Keys != nil {
		blocks = append(blocks, columns{v: autograd.MatMulT(z, z.Tape().Const(in.Keys)), temperature: tau})
		for j := range in.Keys.Dim(0) {
			labels = append(labels, in.Labels[j%n])
		}
	}
	if l.Queue != nil {
		keys, keyLabels := l.Queue.on(z.Tape())
		blocks = append(blocks, columns{v: similarities(op, "the queue's rows", z, keys), temperature: tau})
		labels = append(labels, keyLabels...)
	}
	alpha := float32(setting(l.Alpha, 0.01))
	y, anchors := contrastColumns(op, blocks, func(i int, r *row) {
		l.centers(r, in.Labels[i])
		for j, y := range labels {
			if y == in.Labels[i] && j != i {
				r.add(classes+j, alpha)
			}
		}
		r.x[classes+i] = minusInf
		r.divide(float32(r.total()))
	})
	enqueue(l.Queue, in)
	return y, Stats{Anchors: anchors, ZeroRows: zeroRows(z)}
}

// centres adds the centres as positives of a row of class y. A class without images gets none.
func (l *PaCo) centers(r *row, y int) {
	for c, q := range l.logPrior {
		switch {
		case c == y:
			r.add(c, float32(1-l.Smoothing))
		case l.Smoothing > 0 && !math.IsInf(q, -1):
			r.add(c, float32(l.Smoothing/float64(len(l.logPrior)-1)))
		}
	}
}
