package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// ExpertDiversity pays experts for disagreeing with their mean (RIDE, arXiv 2010.01809). With x_e the logits of expert e times
// Scale, x̄ their mean, which takes no gradient, and R rows,
//
//	L = −λ·T̄²·(1/R) Σ_i Σ_e KL( softmax(x̄/T) ‖ softmax(x_e/T) )
//
// It is negative, and 0 where all agree. T is 1 at first, and from Start on a temperature for each class that is lower for
// rare ones, T_c ∝ 0.05·C·q_c + 0.95 with the largest 1, q_c the class's share of images; T̄ is the mean of T. Labels play
// no part, and neither does Input.Mix.
type ExpertDiversity struct {
	// Weight λ; 0 means the authors' 0.2.
	Weight float64
	// Scale of the logits, as LDAM's; 0 means 30, for cosines. 1 leaves logits as they are.
	Scale float64 `set:"-"`
	// Start of the temperatures as a share of the epochs, in (0, 1]; 0 means 0.8, as of DRW.
	Start float64

	temperatures []float64
	mean         float64
}

// Needs asks for the experts' logits.
func (l *ExpertDiversity) Needs() Needs { return Needs{Experts: true} }

// Prepare computes the temperatures. It is an error if there are no images.
func (l *ExpertDiversity) Prepare(classCounts []int) error {
	if err := cmp.Or(checkPositive("expert diversity", "Weight", l.Weight, "0.2"), checkPositive("expert diversity", "Scale", l.Scale, "30")); err != nil {
		return err
	}
	if !(l.Start >= 0 && l.Start <= 1) {
		return fmt.Errorf("loss: expert diversity: Start %v must be in (0, 1], or 0 for 0.8", l.Start)
	}
	if _, err := logPriors("expert diversity", classCounts); err != nil {
		return err
	}
	images, most := 0, 0.0
	for _, n := range classCounts {
		images += n
	}
	l.temperatures, l.mean = make([]float64, len(classCounts)), 0
	for c, n := range classCounts {
		l.temperatures[c] = 0.05*float64(len(classCounts))*float64(n)/float64(images) + 0.95
		most = max(most, l.temperatures[c])
	}
	for c := range l.temperatures {
		l.temperatures[c] /= most
		l.mean += l.temperatures[c] / float64(len(classCounts))
	}
	return nil
}

// Forward returns the loss. No rows give 0. It panics with *tensor.Error unless Prepare has been called.
func (l *ExpertDiversity) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.ExpertDiversity"
	checkExperts(op, in, max(1, len(in.Experts)))
	first := in.Experts[0]
	rows, classes := first.Dim(0), first.Dim(1)
	mustKnowClasses(op, len(l.temperatures), classes)
	late := in.At.ByEpoch() >= cmp.Or(l.Start, 0.8)-1e-9
	temperature, square := func(int) float64 { return 1 }, 1.0
	if late {
		temperature, square = func(c int) float64 { return l.temperatures[c] }, l.mean*l.mean
	}
	scale, weight := cmp.Or(l.Scale, 30), cmp.Or(l.Weight, 0.2)*square/float64(max(rows, 1))
	grads := make([]*tensor.Tensor, len(in.Experts))
	for e := range grads {
		grads[e] = first.Tape().Scratch(rows, classes)
	}
	p, q, sum := make([]float64, classes), make([]float64, classes), 0.0
	for r := range rows {
		clear(p)
		for _, x := range in.Experts {
			for c, v := range x.Data()[r*classes : (r+1)*classes] {
				p[c] += scale * float64(v) / temperature(c) / float64(len(in.Experts))
			}
		}
		logSoftmax(p)
		for e, x := range in.Experts {
			for c, v := range x.Data()[r*classes : (r+1)*classes] {
				q[c] = scale * float64(v) / temperature(c)
			}
			logSoftmax(q)
			for c, lp := range p {
				share := math.Exp(lp)
				if share != 0 { // 0·log 0 is 0
					sum -= share * (lp - q[c])
				}
				grads[e].Data()[r*classes+c] = float32(-(math.Exp(q[c]) - share) * scale / temperature(c))
			}
		}
	}
	y := first.Tape().Scratch()
	y.Data()[0] = float32(weight * sum)
	return autograd.Op(op, y, in.Experts, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float32(float64(gy.Item()) * weight)
		for e := range gx {
			for i, d := range grads[e].Data() {
				if gx[e] != nil {
					gx[e].Data()[i] += g * d
				}
			}
		}
	}), Stats{Anchors: rows}
}
