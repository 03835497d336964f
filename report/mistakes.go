package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/nearest"
	"github.com/longtail-ml/longtail/tensor"
)

// Mistake is a test image taken for another class.
type Mistake struct {
	Image     int // of the test set
	Picture   Picture
	Neighbors []Neighbor // training images whose embeddings are nearest
}

// Neighbor is a training image near another one.
type Neighbor struct {
	Picture Picture
	Label   int
	Cosine  float32
}

// wrong lists the images taken for another class, the surest first.
func wrong(outcomes []Outcome) (all []int) {
	for i, o := range outcomes {
		if o.Label != o.Predicted {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(outcomes[b].Confidence, outcomes[a].Confidence) })
	return all
}

// rare picks mistakes of the third of the classes with the fewest training images: one of each, beginning with the rarest, the
// surest of its class; then a second of each, and so on.
func rare(outcomes []Outcome, counts []int, most int) (all []int) {
	limit := slices.Sorted(slices.Values(counts))[(len(counts)-1)/3]
	nth := map[int]int{} // of its class
	turn := map[int]int{}
	for _, i := range wrong(outcomes) {
		y := outcomes[i].Label
		if counts[y] > limit {
			continue
		}
		turn[i] = nth[y]
		nth[y]++
		all = append(all, i)
	}
	slices.SortStableFunc(all, func(a, b int) int {
		x, y := outcomes[a].Label, outcomes[b].Label
		return cmp.Or(turn[a]-turn[b], counts[x]-counts[y], x-y)
	})
	return all[:min(most, len(all))]
}

// sample is training images, at most so many, as many of each class as there are or as all can have.
func sample(d dataset.Dataset, most int) []int {
	counts := dataset.Counts(d)
	low, high := 1, max(1, slices.Max(counts)) // of a class
	for low < high {
		middle, sum := (low+high+1)/2, 0
		for _, n := range counts {
			sum += min(n, middle)
		}
		if sum <= most {
			low = middle
		} else {
			high = middle - 1
		}
	}
	seen := make([]int, len(counts))
	var all []int
	for i := range d.Len() {
		y := d.Label(i)
		if at := seen[y]; counts[y] <= low || at*low/counts[y] != (at+1)*low/counts[y] { // evenly spaced in the class
			all = append(all, i)
		}
		seen[y]++
	}
	return all
}

// neighbors looks at the training images: class means, and what is near the mistakes of rare classes.
func (l *look) neighbors(ctx context.Context, t *Test, embeddings *tensor.Tensor) error {
	most := cmp.Or(l.settings.Neighbors, 10000)
	if l.sets.Train == nil {
		l.notes = append(l.notes, "There are no training images at hand, so no class means and no neighbors of mistakes.")
		return nil
	}
	some := sample(l.sets.Train, most)
	set, err := dataset.Subset(l.sets.Train, some)
	if err != nil {
		return err
	}
	features, labels, err := l.evaluator.Features(ctx, l.network, set)
	if err != nil {
		return err
	}
	known, err := l.embed(features)
	if err != nil {
		return err
	}
	of := "training images"
	if len(some) < l.sets.Train.Len() {
		of = fmt.Sprintf("%s of %s training images", count(len(some)), count(l.sets.Train.Len()))
	}
	t.Compared = of
	t.Prototypes = append(t.Prototypes, Prototypes{"class means of " + of, classMeans(known, labels, l.network.Classes())})
	if err := l.vote(ctx, t, known, labels, embeddings); err != nil {
		return err
	}
	if dataset.WidthOf(l.sets.Test) > 0 {
		l.notes = append(l.notes, "The samples are features, not images: there are no pictures.")
		return nil
	}
	pictures := cmp.Or(l.settings.Pictures, 24)
	picks := rare(t.Outcomes, dataset.Counts(l.sets.Train), pictures)
	near, err := nearest.Of(ctx, pick(embeddings, picks), known, 3, false)
	if err != nil {
		return err
	}
	for k, i := range picks {
		m := Mistake{Image: i}
		if m.Picture, err = picture(l.sets.Test, i); err != nil {
			return l.noPicture(ctx, err)
		}
		for _, n := range near[k] {
			p, err := picture(set, n.Row)
			if err != nil {
				return l.noPicture(ctx, err)
			}
			m.Neighbors = append(m.Neighbors, Neighbor{p, labels[n.Row], n.Cosine})
		}
		t.Rare = append(t.Rare, m)
	}
	return nil
}

// surest shows the images most wrongly sure.
func (l *look) surest(ctx context.Context, t *Test) error {
	if dataset.WidthOf(l.sets.Test) > 0 {
		return nil
	}
	all := wrong(t.Outcomes)
	for _, i := range all[:min(len(all), cmp.Or(l.settings.Pictures, 24))] {
		p, err := picture(l.sets.Test, i)
		if err != nil {
			return l.noPicture(ctx, err)
		}
		t.Surest = append(t.Surest, Mistake{Image: i, Picture: p})
	}
	return nil
}

// noPicture notes an image that cannot be shown. It is no error but where ctx has ended.
func (l *look) noPicture(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.notes = append(l.notes, fmt.Sprintf("Some pictures are left out: %v.", err))
	return nil
}
