package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
)

// SupervisedContrastive is the SC loss of hybrid networks (arXiv 2103.14267, from arXiv 2004.11362). With s_ij the
// inner product of embeddings i and j over the temperature, A(i) all rows but i and P(i) those of i's label among them,
//
//	L_i = −1/|P(i)| Σ_{p∈P(i)} ( s_ip − log Σ_{a∈A(i)} e^{s_ia} )
//
// averaged over the rows that have a positive. A row without one is skipped and counted in Stats; if no row has one the
// loss and its gradient are 0. It holds all R² similarities.
type SupervisedContrastive struct {
	// Temperature τ > 0; the paper uses 0.1.
	Temperature float64
	// Inside takes the mean over positives inside the logarithm: L_in of arXiv 2004.11362, there found the weaker form.
	Inside bool
}

// Needs asks for embeddings.
func (l *SupervisedContrastive) Needs() Needs { return Needs{Embedding: true} }

// Prepare checks the temperature.
func (l *SupervisedContrastive) Prepare([]int) error {
	return checkTemperature("supervised contrastive", l.Temperature, "0.1")
}

// Forward returns the loss.
func (l *SupervisedContrastive) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.SupervisedContrastive"
	n, _ := check(op, in.Embedding, in)
	noMix(op, in)
	mustPrepare(op, l.Prepare(nil))

	z := in.Embedding
	s := autograd.MatMulT(z, z)
	rows := make([]anchor, n)
	parallel.For(n, func(i int) { rows[i] = l.anchor(s.Data()[i*n:(i+1)*n], in.Labels, i) })
	stats := Stats{ZeroRows: zeroRows(z)}
	sum := 0.0
	for _, a := range rows {
		if a.positives == 0 {
			stats.Skipped++
			continue
		}
		stats.Anchors++
		sum += a.loss
	}
	y := z.Tape().Tensor()
	y.Data()[0] = float32(sum / float64(max(stats.Anchors, 1)))
	return autograd.Op(op, y, []*autograd.Var{s}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float64(gy.Item()) / float64(max(stats.Anchors, 1)) / l.Temperature
		parallel.For(n, func(i int) {
			l.gradient(gx[0].Data()[i*n:(i+1)*n], s.Data()[i*n:(i+1)*n], in.Labels, i, rows[i], g)
		})
	}), stats
}

// anchor is one row's loss and the log-sum-exps its gradient needs.
type anchor struct {
	loss      float64
	all       float64 // log Σ over A(i) of e^s
	same      float64 // log Σ over P(i) of e^s
	positives int
}

func (l *SupervisedContrastive) anchor(s []float32, labels []int, i int) anchor {
	// The maximum leaves the anchor itself out: at a small temperature s_ii = 1/τ would make every other term vanish.
	top, topSame := math.Inf(-1), math.Inf(-1)
	for j, v := range s {
		if j == i {
			continue
		}
		top = math.Max(top, float64(v)/l.Temperature)
		if labels[j] == labels[i] {
			topSame = math.Max(topSame, float64(v)/l.Temperature)
		}
	}
	a := anchor{}
	all, same, dot := 0.0, 0.0, 0.0
	for j, v := range s {
		if j == i {
			continue
		}
		x := float64(v) / l.Temperature
		all += math.Exp(x - top)
		if labels[j] == labels[i] {
			a.positives++
			dot += x
			same += math.Exp(x - topSame)
		}
	}
	if a.positives == 0 {
		return a
	}
	a.all, a.same = top+math.Log(all), topSame+math.Log(same)
	if l.Inside {
		a.loss = a.all - a.same + math.Log(float64(a.positives))
	} else {
		a.loss = a.all - dot/float64(a.positives)
	}
	return a
}

// gradient adds g·∂L_i/∂s to ds, where g includes 1/τ.
func (l *SupervisedContrastive) gradient(ds, s []float32, labels []int, i int, a anchor, g float64) {
	if a.positives == 0 {
		return
	}
	for j, v := range s {
		if j == i {
			continue
		}
		x := float64(v) / l.Temperature
		d := math.Exp(x - a.all)
		switch {
		case labels[j] != labels[i]:
		case l.Inside:
			d -= math.Exp(x - a.same)
		default:
			d -= 1 / float64(a.positives)
		}
		ds[j] += float32(g * d)
	}
}
