package loss

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// KCL is K-positive contrastive learning (Kang et al., ICLR 2021). With s_ij the inner product of embeddings i and j over
// the temperature, the positives P(i) of a row are its sample's other views and K rows of its class drawn from the queue,
// all of them if there are fewer; A(i) is the other views and the whole queue:
//
//	L_i = −1/|P(i)| Σ_{p∈P(i)} ( s_ip − log Σ_{a∈A(i)} e^{s_ia} )
//
// averaged over the rows that have a positive. As many positives for a rare class as for a frequent one make the feature
// space balanced. The draws come from Tape.Rand. Memory is R rows of the queue's length.
type KCL struct {
	// Queue of keys; required. The paper's holds 65,536 on ImageNet.
	Queue *Queue
	// Temperature τ; 0 means the paper's 0.07.
	Temperature float64
	// Positives K; 0 means the paper's 6, Off takes none from the queue.
	Positives int
	// WithoutMomentum takes the other views from the rows of Embedding, with gradient, and fills the queue with them. As
	// published they are Keys, and all rows of Embedding are queries.
	WithoutMomentum bool
}

// Needs asks for embeddings, and keys unless WithoutMomentum.
func (l *KCL) Needs() Needs { return Needs{Embedding: true, Keys: !l.WithoutMomentum} }

// Prepare checks the settings.
func (l *KCL) Prepare([]int) error { return l.check("KCL") }

func (l *KCL) check(name string) error {
	if l.Queue == nil {
		return fmt.Errorf("loss: %s: Queue is nil: set one by loss.NewQueue", name)
	}
	if err := checkSetting(name, "Positives", float64(l.Positives), 6); err != nil {
		return err
	}
	return checkPositive(name, "Temperature", l.Temperature, "0.07")
}

// Visit shows the queue.
func (l *KCL) Visit(v nn.Visitor) {
	if l.Queue != nil {
		v.Sub("queue", l.Queue)
	}
}

// Forward returns the loss. On a training tape the keys enter the queue at Commit.
func (l *KCL) Forward(in Input) (*autograd.Var, Stats) {
	return l.contrast("loss.KCL", "KCL", in, nil, 0)
}

// contrast is the loss with targets [C, D], which may be nil, as further columns of which the own one is a positive of
// the given weight.
func (l *KCL) contrast(op, name string, in Input, targets *autograd.Var, targetWeight float32) (*autograd.Var, Stats) {
	rows, _ := check(op, in.Embedding, in)
	noMix(op, in)
	mustPrepare(op, l.check(name))
	checkViews(op, in, !l.WithoutMomentum)
	z, tau := in.Embedding, cmp.Or(l.Temperature, 0.07)
	tape := z.Tape()
	views := z
	if !l.WithoutMomentum {
		views = tape.Const(in.Keys)
	}
	keys, keyLabels := l.Queue.on(tape)
	blocks := []columns{
		{v: similarities(op, "keys", z, views), temperature: tau},
		{v: similarities(op, "the queue's rows", z, keys), temperature: tau},
	}
	if targets != nil {
		checkLabels(op, in.Labels, targets.Dim(0))
		blocks = append(blocks, columns{v: similarities(op, "targets", z, targets), temperature: tau})
	}
	byLabel := map[int][]int{}
	for j, y := range keyLabels {
		byLabel[y] = append(byLabel[y], j)
	}
	most := int(setting(float64(l.Positives), 6))
	n, near, seed := rows/in.Views, views.Dim(0), tape.Rand().Uint64()
	y, anchors := contrastColumns(op, blocks, func(i int, r *row) {
		for j := range near {
			if j%n != i%n || (l.WithoutMomentum && j == i) {
				r.x[j] = minusInf
			} else {
				r.add(j, 1)
			}
		}
		own := byLabel[in.Labels[i]]
		for _, k := range draw(len(own), most, rand.New(rand.NewPCG(seed, uint64(i)))) {
			r.add(near+own[k], 1)
		}
		if targets != nil {
			r.add(near+len(keyLabels)+in.Labels[i], targetWeight)
		}
		r.divide(float32(max(len(r.positives), 1)))
	})
	enqueue(l.Queue, in)
	return y, Stats{Anchors: anchors, Skipped: rows - anchors, ZeroRows: zeroRows(z)}
}

// draw returns k different numbers below n, all of them if there are fewer, by Floyd's method.
func draw(n, k int, rng *rand.Rand) []int {
	var chosen []int
	for top := max(n-k, 0); top < n; top++ {
		v := rng.IntN(top + 1)
		if slices.Contains(chosen, v) {
			v = top
		}
		chosen = append(chosen, v)
	}
	return chosen
}
