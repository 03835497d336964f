package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
)

// ResampleSettings say how Resample draws.
type ResampleSettings struct {
	Draws int    // 0 means 4000
	Seed  uint64 // equal seeds draw equal images of equal labels, whatever was predicted
}

const mostDraws = 1 << 24

// Resampled are the accuracies of several classifiers on samples drawn from one test set.
type Resampled struct {
	Top1, Balanced [][]float64 // [draws][classifiers]
}

// Resample draws images of a test set with replacement, the same for all classifiers, and counts what each of them predicts
// rightly: the paired bootstrap (Efron and Tibshirani, 1993). labels are those of the images; predicted has the predictions of
// each classifier. A class keeps its share of the images; of its n images n−1 are drawn, by which the variance of the means is
// unbiased, for small classes too (McCarthy and Snowden, 1985). A class of one image is drawn as it is, and has no variance here.
func Resample(labels []int, predicted [][]int, s ResampleSettings) (*Resampled, error) {
	draws := cmp.Or(s.Draws, 4000)
	if draws < 1 || draws > mostDraws {
		return nil, fmt.Errorf("metrics: resampling with %d draws: there must be at least 1 and at most %d, or 0 for 4000", draws, mostDraws)
	}
	if len(labels) == 0 {
		return nil, errors.New("metrics: resampling a test set without images")
	}
	for k, p := range predicted {
		if len(p) != len(labels) {
			return nil, fmt.Errorf("metrics: resampling: classifier %d has %d predictions for %d labels: give one for each", k, len(p), len(labels))
		}
	}
	byClass, err := imagesOf(labels)
	if err != nil {
		return nil, err
	}
	right := rightOn(labels, predicted)
	r := &Resampled{make([][]float64, draws), make([][]float64, draws)}
	random := rand.New(rand.NewPCG(s.Seed, 0))
	hits := make([]int, len(predicted))
	for d := range draws {
		r.Top1[d], r.Balanced[d] = make([]float64, len(predicted)), make([]float64, len(predicted))
		for _, images := range byClass {
			clear(hits)
			n, all := max(1, len(images)-1), 0
			for range n {
				by := right[images[random.IntN(len(images))]]
				if len(by) == len(predicted) {
					all++
					continue
				}
				for _, k := range by {
					hits[k]++
				}
			}
			for k, h := range hits {
				accuracy := float64(h+all) / float64(n)
				r.Top1[d][k] += accuracy * float64(len(images)) / float64(len(labels))
				r.Balanced[d][k] += accuracy / float64(len(byClass))
			}
		}
	}
	return r, nil
}

// imagesOf lists the images of each class that has any.
func imagesOf(labels []int) (all [][]int, err error) {
	most := 0
	for i, y := range labels {
		if y < 0 || y >= mostClasses {
			return nil, fmt.Errorf("metrics: label of image %d is %d: it must be at least 0 and less than %d", i, y, mostClasses)
		}
		most = max(most, y)
	}
	byClass := make([][]int, most+1)
	for i, y := range labels {
		byClass[y] = append(byClass[y], i)
	}
	for _, images := range byClass {
		if images != nil {
			all = append(all, images)
		}
	}
	return all, nil
}

// rightOn lists for each image the classifiers that are right.
func rightOn(labels []int, predicted [][]int) [][]int32 {
	right := make([][]int32, len(labels))
	for k, p := range predicted {
		for i, class := range p {
			if class == labels[i] {
				right[i] = append(right[i], int32(k))
			}
		}
	}
	return right
}
