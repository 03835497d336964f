package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// ProCo is probabilistic contrastive learning (arXiv 2403.06726): the contrast with infinitely many rows of each class,
// which are taken to be von Mises–Fisher distributed. With the running mean m_c of a class's embeddings, of width D,
//
//	R = ‖m_c‖,  μ_c = m_c/R,  κ_c = D·R/(1−R²) held to [0, 10⁵]
//	x_c = log E e^{z·v/τ} = h(‖κ_c μ_c + z/τ‖) − h(κ_c),   h(x) = log I_{D/2−1}(x) − (D/2−1) log x
//	L = CE( x + log q )
//
// averaged over the rows, with q the classes' shares of the images by Prepare (LogitAdjusted). The means take no gradient.
// A class not seen yet is spread evenly over the sphere (κ = 0). ‖z‖ is taken to be 1.
//
// The means are those of the last epoch, moved on by the steps of this one, as in the authors' code; there a step's own
// rows count already, here they do after it. Cost: R·C Bessel functions, and for the gradient twice as many.
type ProCo struct {
	Temperature float64 // τ; 0 means 0.1, which the authors' code uses on CIFAR

	logPrior  []float64
	now, next classMeans // next is of this epoch alone
}

// ProCoSettings are what NewProCo makes a loss of.
type ProCoSettings struct {
	Classes int // at least 1
	Dim     int // width of the embeddings, at least 2
	// Temperature τ; 0 means 0.1.
	Temperature float64
}

// NewProCo returns a loss that has seen no embedding yet. Settings out of range are an error.
func NewProCo(s ProCoSettings) (*ProCo, error) {
	if s.Classes < 1 || s.Dim < 2 {
		return nil, fmt.Errorf("loss: ProCo: %d classes and embeddings of width %d: needs at least 1 and 2", s.Classes, s.Dim)
	}
	if s.Classes > mostKeys/s.Dim {
		return nil, fmt.Errorf("loss: ProCo: %d classes and embeddings of width %d: their means would have more than %d values", s.Classes, s.Dim, mostKeys)
	}
	p := &ProCo{Temperature: cmp.Or(s.Temperature, 0.1), now: newClassMeans(s.Classes, s.Dim), next: newClassMeans(s.Classes, s.Dim)}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *ProCo) check() error { return checkPositive("ProCo", "Temperature", p.Temperature, "0.1") }

// Needs asks for embeddings.
func (p *ProCo) Needs() Needs { return Needs{Embedding: true} }

// Prepare checks the settings and computes the classes' shares. A class without images takes no part.
func (p *ProCo) Prepare(classCounts []int) (err error) {
	if err := p.check(); err != nil {
		return err
	}
	if p.now.mean == nil {
		return fmt.Errorf("loss: ProCo: has no class means: make it with loss.NewProCo")
	}
	if n := p.now.mean.Dim(0); n != len(classCounts) {
		return fmt.Errorf("loss: ProCo: made for %d classes, there are %d", n, len(classCounts))
	}
	p.logPrior, err = logPriors("ProCo", classCounts)
	return err
}

// Visit shows the means and counts, and those of this epoch alone.
func (p *ProCo) Visit(v nn.Visitor) {
	v.Sub("now", p.now)
	v.Sub("next", p.next)
}

// Forward returns the loss. No rows give 0. On a training tape the means see the embeddings at Commit. It panics with
// *tensor.Error unless Prepare has been called.
func (p *ProCo) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.ProCo"
	check(op, in.Embedding, in)
	noMix(op, in)
	mustPrepare(op, p.check())
	if p.logPrior == nil {
		mustPrepare(op, fmt.Errorf("Prepare has not been called"))
	}
	checkLabels(op, in.Labels, len(p.logPrior))
	z := in.Embedding
	mu, kappa := p.now.vonMisesFisher(z.Tape())
	x := expectedSimilarity(op, similarities(op, "class means", z, mu), kappa, z.Dim(1), cmp.Or(p.Temperature, 0.1))
	y, stats := adjusted(op, Input{Logits: x, Labels: in.Labels}, 1, p.logPrior)
	stats.ZeroRows = zeroRows(z)
	p.observe(in)
	return y, stats
}

// expectedSimilarity returns log E e^{z·v/τ} over v of each class, given cosines s [R, C] of z and μ_c.
func expectedSimilarity(op string, s *autograd.Var, kappa []float64, dim int, tau float64) *autograd.Var {
	rows, classes := s.Dim(0), len(kappa)
	nu := float64(dim)/2 - 1
	at0 := make([]float64, classes)
	for c, k := range kappa {
		at0[c] = logBesselScaled(nu, k)
	}
	// ‖κμ + z/τ‖ of unit μ and z; rounding must not make its square negative.
	length := func(cosine float32, k float64) float64 {
		return math.Sqrt(max(0, k*k+1/(tau*tau)+2*k*float64(cosine)/tau))
	}
	y := s.Tape().Scratch(rows, classes)
	parallel.Range(rows, 16, func(lo, hi int) {
		for i := lo * classes; i < hi*classes; i++ {
			c := i % classes
			y.Data()[i] = float32(logBesselScaled(nu, length(s.Data()[i], kappa[c])) - at0[c])
		}
	})
	return autograd.Op(op, y, []*autograd.Var{s}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		parallel.Range(rows, 16, func(lo, hi int) {
			for i := lo * classes; i < hi*classes; i++ {
				k := kappa[i%classes] // dh/dr = r·ratio, dr/ds = κ/(τr)
				gx[0].Data()[i] += float32(float64(gy.Data()[i]) * k / tau * besselRatio(nu, length(s.Data()[i], k)))
			}
		})
	})
}

// observe adds a training step's embeddings to the means once it is kept. An epoch's means take over at its end.
func (p *ProCo) observe(in Input) {
	tape := in.Embedding.Tape()
	if !tape.Mode().Train {
		return
	}
	z := in.Embedding.Value()
	tape.AfterStep(func() {
		p.now.add(z, in.Labels)
		p.next.add(z, in.Labels)
		if lastOfEpoch(in.At) {
			p.now.mean.CopyFrom(p.next.mean)
			p.now.count.CopyFrom(p.next.count)
			p.next.mean.Zero()
			p.next.count.Zero()
		}
	})
}
