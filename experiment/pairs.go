package experiment

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/metrics"
)

// Pair is by how many points method A is above B, over the seeds that both have.
type Pair struct {
	A        string     `json:"a"`
	B        string     `json:"b"`
	Seeds    []uint64   `json:"seeds"`
	Top1     Difference `json:"top1"`
	Balanced Difference `json:"balanced_accuracy"` // the mean over classes
}

// Difference is a metrics.Difference in points, with an interval of 95%.
type Difference struct {
	metrics.Difference
	WithinNoise bool `json:"within_noise"` // 0 is in the interval
}

// AddPairs adds how each method differs from each that comes before it, by a paired bootstrap: both are counted on the same
// images, drawn again and again from the test set (metrics.Resample), and seed by seed on seeds drawn in the same way, so that an
// interval covers what other test images and other seeds would change. With one seed it is of that training alone, and only the
// images are drawn. Runs whose predictions are not kept, as those of older files, have no intervals: NoInterval says so. The
// same runs give the same figures, whatever else is in the table.
func (t *Table) AddPairs(runs []Report) error {
	b := bootstrap{accuracy: map[*Report]*resampled{}}
	kept := b.kept(runs, t)
	if err := b.resample(kept); err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	for i, row := range t.Rows {
		for _, before := range t.Rows[:i] {
			p, err := b.pair(kept[row.Method], kept[before.Method])
			if err != nil {
				return fmt.Errorf("experiment: %s and %s: %w", row.Method, before.Method, err)
			}
			switch {
			case p != nil:
				t.Pairs = append(t.Pairs, *p)
			case kept[row.Method] != nil && kept[before.Method] != nil:
				t.NoInterval = append(t.NoInterval, fmt.Sprintf("%s and %s: no seed of both has the same test images, or their manifests tell it from different parts of these (--hash-all)", before.Method, row.Method))
			}
		}
	}
	return nil
}

// bootstrap has the accuracies of runs on images drawn from their test sets.
type bootstrap struct{ accuracy map[*Report]*resampled }

type resampled struct {
	test           string      // what the images are
	top1, balanced [][]float64 // [draws][runs of this test set]; the last are those measured
	column         int
}

// kept are the runs of each method, if their predictions are kept.
func (b *bootstrap) kept(runs []Report, t *Table) map[string][]*Report {
	kept := map[string][]*Report{}
	for i := range runs {
		r := &runs[i]
		if r.Predictions != nil && len(r.Predictions.Labels) > 0 {
			kept[r.Method] = append(kept[r.Method], r)
			continue
		}
		text := fmt.Sprintf("%s, seed %d: its predictions are not kept", r.Method, r.Seed)
		if r.from != "" {
			text += ", " + r.from + " is older: train it again"
		}
		t.NoInterval = append(t.NoInterval, text)
	}
	return kept
}

// testOf tells test sets apart.
func testOf(r *Report) string {
	h := fnv.New64a()
	d := r.Manifest.Data
	sum, content := d.TestSHA256, d.TestContent
	if r.Predictions.HeldOut {
		sum, content = d.HeldOutSHA256, d.HeldOutContent
	}
	fmt.Fprintln(h, sum, content, r.Predictions.Labels)
	return fmt.Sprintf("%016x", h.Sum64())
}

// resample draws from each test set, once for all runs on it.
func (b *bootstrap) resample(kept map[string][]*Report) error {
	on := map[string][]*Report{}
	for _, runs := range kept {
		for _, r := range runs {
			on[testOf(r)] = append(on[testOf(r)], r)
		}
	}
	for test, runs := range on {
		labels := runs[0].Predictions.Labels
		var predicted [][]int
		for _, r := range runs {
			predicted = append(predicted, r.Predictions.Predicted)
		}
		h := fnv.New64a()
		h.Write([]byte(test))
		drawn, err := metrics.Resample(labels, predicted, metrics.ResampleSettings{Seed: h.Sum64()})
		if err != nil {
			return err
		}
		top1, balanced, err := measured(labels, predicted)
		if err != nil {
			return err
		}
		drawn.Top1, drawn.Balanced = append(drawn.Top1, top1), append(drawn.Balanced, balanced)
		for k, r := range runs {
			b.accuracy[r] = &resampled{test, drawn.Top1, drawn.Balanced, k}
		}
	}
	return nil
}

// measured are the accuracies on the whole test set.
func measured(labels []int, predicted [][]int) (top1, balanced []float64, err error) {
	for _, p := range predicted {
		c, err := metrics.NewConfusion(1 + max(slices.Max(labels), slices.Max(p)))
		if err != nil {
			return nil, nil, err
		}
		for i, y := range labels {
			if err := c.Add(y, p[i]); err != nil {
				return nil, nil, err
			}
		}
		top1, balanced = append(top1, float64(c.Top1())), append(balanced, float64(c.BalancedAccuracy()))
	}
	return top1, balanced, nil
}

// pair compares two methods; nil if they have no seed in common on one test set.
func (b *bootstrap) pair(first, second []*Report) (*Pair, error) {
	var of [][2]*resampled
	p := &Pair{}
	for _, x := range bySeed(first) {
		for _, y := range second {
			if x.Seed == y.Seed && b.accuracy[x].test == b.accuracy[y].test {
				p.A, p.B = x.Method, y.Method
				p.Seeds = append(p.Seeds, x.Seed)
				of = append(of, [2]*resampled{b.accuracy[x], b.accuracy[y]})
			}
		}
	}
	if of == nil {
		return nil, nil
	}
	var err error
	if p.Top1, err = difference(of, func(r *resampled) [][]float64 { return r.top1 }); err != nil {
		return nil, err
	}
	p.Balanced, err = difference(of, func(r *resampled) [][]float64 { return r.balanced })
	return p, err
}

// bySeed puts runs in an order that does not depend on the files they come from.
func bySeed(runs []*Report) []*Report {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b *Report) int { return cmp.Compare(a.Seed, b.Seed) })
	return runs
}

// difference is that of the pairs of runs, one pair for each seed. In each draw one seed fewer is drawn than there are, for the
// reason that metrics.Resample draws one image fewer.
func difference(of [][2]*resampled, figure func(*resampled) [][]float64) (Difference, error) {
	n := len(figure(of[0][0])) - 1
	at := func(d, seed int) float64 {
		a, b := of[seed][0], of[seed][1]
		return 100 * (figure(a)[d][a.column] - figure(b)[d][b.column])
	}
	mean := 0.0
	for s := range of {
		mean += at(n, s) / float64(len(of))
	}
	draws, random := make([]float64, n), rand.New(rand.NewPCG(1, uint64(len(of))))
	for d := range draws {
		some := max(1, len(of)-1)
		for range some {
			draws[d] += at(d, random.IntN(len(of))) / float64(some)
		}
	}
	all, err := metrics.NewDifference(mean, draws, 0)
	return Difference{all, all.WithinNoise()}, err
}
