package loss

import (
	"cmp"

	"github.com/longtail-ml/longtail/autograd"
)

// SupervisedContrastive is the SC loss of hybrid networks (arXiv 2103.14267, from arXiv 2004.11362). With s_ij the
// inner product of embeddings i and j over the temperature, A(i) all rows but i and P(i) those of i's label among them,
//
//	L_i = −1/|P(i)| Σ_{p∈P(i)} ( s_ip − log Σ_{a∈A(i)} e^{s_ia} )
//
// averaged over the rows that have a positive. A row without one is skipped and counted in Stats; if no row has one the
// loss and its gradient are 0. The R² similarities are computed in tiles, twice, and never held: memory is O(R·D).
// Trained with it alone, and then a classifier with CrossEntropy on the frozen backbone, a network is two-stage SupCon.
type SupervisedContrastive struct {
	// Temperature τ; 0 means the paper's 0.1.
	Temperature float64
	// Inside takes the mean over positives inside the logarithm: L_in of arXiv 2004.11362, there found the weaker form.
	Inside bool
}

// Needs asks for embeddings.
func (l *SupervisedContrastive) Needs() Needs { return Needs{Embedding: true} }

// Prepare checks the temperature.
func (l *SupervisedContrastive) Prepare([]int) error {
	return checkPositive("supervised contrastive", "Temperature", l.Temperature, "0.1")
}

func (l *SupervisedContrastive) temperature() float64 { return cmp.Or(l.Temperature, 0.1) }

const opContrast = "loss.SupervisedContrastive"

// Forward returns the loss.
func (l *SupervisedContrastive) Forward(in Input) (*autograd.Var, Stats) {
	n, _ := check(opContrast, in.Embedding, in)
	noMix(opContrast, in)
	mustPrepare(opContrast, l.Prepare(nil))
	return l.tiled(in, tileSize(n))
}
