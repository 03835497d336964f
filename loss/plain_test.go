package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
)

// PlainContrast is the SC loss as it is written down: what TiledContrast, the loss at a given size of tiles, is held
// against.
type (
	PlainContrast struct{ SupervisedContrastive }
	TiledContrast struct {
		SupervisedContrastive
		Tile int
	}
)

func (l *PlainContrast) Forward(in Input) (*autograd.Var, Stats) { return l.plain(in) }

func (l *TiledContrast) Forward(in Input) (*autograd.Var, Stats) { return l.tiled(in, l.Tile) }

// plain holds the matrix of similarities and takes exponentials in float64.
func (l *PlainContrast) plain(in Input) (*autograd.Var, Stats) {
	z := in.Embedding
	n := z.Dim(0)
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
	return autograd.Op(opContrast, y, []*autograd.Var{s}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
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

func (l *PlainContrast) anchor(s []float32, labels []int, i int) anchor {
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
func (l *PlainContrast) gradient(ds, s []float32, labels []int, i int, a anchor, g float64) {
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
