package loss

import (
	"cmp"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
)

// BalancedContrastive is the contrastive loss of BCL (arXiv 2207.09052). A centre for each class joins the rows of the
// batch, and each class counts once in the denominator. With s_ij the inner product over the temperature, m_c the number
// of class c's rows and centre, less the anchor in its own class, and P(i) the other rows of i's class and its centre,
//
//	L_i = −1/|P(i)| Σ_{p∈P(i)} ( s_ip − log Σ_c (1/m_c) Σ_{k∈c, k≠i} e^{s_ik} )
//
// averaged over the rows; centres are no anchors. Memory is R·(R+C) similarities.
type BalancedContrastive struct {
	// Bank has the centres, one for each class; the paper's are prototype.ClassifierRows.
	Bank prototype.Bank
	// Temperature τ; 0 means the paper's 0.1.
	Temperature float64
}

// Needs asks for embeddings.
func (l *BalancedContrastive) Needs() Needs { return Needs{Embedding: true} }

// Prepare checks the settings against the number of classes.
func (l *BalancedContrastive) Prepare(classCounts []int) error {
	if err := checkPositive("balanced contrastive", "Temperature", l.Temperature, "0.1"); err != nil {
		return err
	}
	return checkBank("balanced contrastive", "Bank", l.Bank, len(classCounts), 1)
}

// Visit shows the centres.
func (l *BalancedContrastive) Visit(v nn.Visitor) { v.Sub("centres", l.Bank) }

// Forward returns the loss. No rows give 0.
func (l *BalancedContrastive) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.BalancedContrastive"
	rows, _ := check(op, in.Embedding, in)
	noMix(op, in)
	if l.Bank == nil {
		mustPrepare(op, l.Prepare(nil))
	}
	mustPrepare(op, checkPositive("balanced contrastive", "Temperature", l.Temperature, "0.1"))
	z, tau := in.Embedding, cmp.Or(l.Temperature, 0.1)
	centers := l.Bank.Vectors(z.Tape())
	classes := centers.Dim(0)
	checkLabels(op, in.Labels, classes)
	count := make([]int, classes)
	for _, y := range in.Labels {
		count[y]++
	}
	// log(1/m_c) of a class that the anchor is not of, and of its own, where the centre takes the anchor's place.
	other, own := make([]float32, classes), make([]float32, classes)
	for c, n := range count {
		other[c], own[c] = -float32(math.Log(float64(n+1))), -float32(math.Log(float64(n)))
	}
	blocks := []columns{
		{v: autograd.MatMulT(z, z), temperature: tau},
		{v: similarities(op, "centres", z, centers), temperature: tau},
	}
	y, anchors := contrastColumns(op, blocks, func(i int, r *row) {
		put := func(j, c int) {
			switch {
			case j == i:
				r.x[j] = minusInf
			case c == in.Labels[i]:
				r.add(j, 1/float32(count[c]))
				r.x[j] += own[c]
			default:
				r.x[j] += other[c]
			}
		}
		for j, c := range in.Labels {
			put(j, c)
		}
		for c := range classes {
			put(rows+c, c)
		}
	})
	observeBank(l.Bank, in)
	return y, Stats{Anchors: anchors, ZeroRows: zeroRows(z)}
}
