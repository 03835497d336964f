package metrics

import (
	"cmp"
	"fmt"
	"math"
)

// Bin is the predictions whose confidence lies in (Low, High], the lowest bin's also at 0.
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Images     int     `json:"images"`
	Confidence Rate    `json:"confidence"` // mean of the bin's predictions; n/a for an empty bin
	Accuracy   Rate    `json:"accuracy"`   // fraction of them that is correct; n/a for an empty bin
}

// Reliability divides predictions into bins of equal width by the confidence of the best class, which a diagram of
// accuracy against confidence shows (arXiv 1706.04599). probs is [len(labels), classes], row-major, each row summing to
// 1; of equal probabilities the lower class counts. bins of 0 means 15. Probabilities or labels that make no sense are
// errors.
func Reliability(probs []float32, labels []int, bins int) ([]Bin, error) {
	h, classes, err := newHistogram(probs, labels, bins)
	if err != nil {
		return nil, err
	}
	for i, y := range labels {
		best, row := 0, probs[i*classes:(i+1)*classes]
		for c, p := range row {
			if p > row[best] {
				best = c
			}
		}
		h.add(row[best], best == y)
	}
	return h.bins(), nil
}

// Calibration is Reliability of predictions that come one by one, and holds none of them.
type Calibration struct{ h histogram }

// NewCalibration returns one without predictions, in so many bins; 0 means 15.
func NewCalibration(bins int) (*Calibration, error) {
	h, _, err := newHistogram(nil, nil, bins)
	if err != nil {
		return nil, err
	}
	return &Calibration{h}, nil
}

// Add counts a prediction: the probability of the class that was predicted, and whether it was right. A probability that is
// none is an error, and nothing is counted.
func (c *Calibration) Add(confidence float32, correct bool) error {
	if !(confidence >= 0 && confidence <= 1) {
		return fmt.Errorf("metrics: confidence %g: it must be in [0, 1]; Softmax makes probabilities of logits", confidence)
	}
	c.h.add(confidence, correct)
	return nil
}

// Bins returns what Reliability does.
func (c *Calibration) Bins() []Bin { return c.h.bins() }

// ECE returns the expected calibration error: the mean over all predictions of |accuracy − confidence| of their bin (arXiv
// 1706.04599). Without predictions it is NaN.
func ECE(bins []Bin) Rate {
	sum, images := 0.0, 0
	for _, b := range bins {
		if b.Images > 0 {
			sum += float64(b.Images) * math.Abs(float64(b.Accuracy-b.Confidence))
			images += b.Images
		}
	}
	return Rate(sum / float64(images))
}

// ClasswiseECE returns for each class the calibration error of its own probability, over all images, whether or not it is
// the best class (arXiv 1910.12656); the class-wise ECE is their [Mean]. Each class counts alike, so rare ones show. The
// arguments are those of [Reliability]; without images there are no classes to return.
func ClasswiseECE(probs []float32, labels []int, bins int) ([]Rate, error) {
	h, classes, err := newHistogram(probs, labels, bins)
	if err != nil {
		return nil, err
	}
	rates := make([]Rate, classes)
	for c := range rates {
		clear(h)
		for i, y := range labels {
			h.add(probs[i*classes+c], c == y)
		}
		rates[c] = ECE(h.bins())
	}
	return rates, nil
}

// histogram adds up predictions by confidence.
type histogram []struct {
	images, correct int
	confidence      float64
}

func newHistogram(probs []float32, labels []int, bins int) (h histogram, classes int, err error) {
	bins = cmp.Or(bins, 15)
	if bins < 1 || bins > 1_000_000 {
		return nil, 0, fmt.Errorf("metrics: reliability in %d bins: choose 1 to 1000000, or 0 for 15", bins)
	}
	classes, err = checkProbabilities(probs, labels)
	return make(histogram, bins), classes, err
}

// add counts a confidence of [0, 1].
func (h histogram) add(confidence float32, correct bool) {
	n := float64(len(h))
	b := &h[max(int(math.Ceil(float64(confidence)*n))-1, 0)]
	b.images++
	b.confidence += float64(confidence)
	if correct {
		b.correct++
	}
}

func (h histogram) bins() []Bin {
	bins := make([]Bin, len(h))
	for i, b := range h {
		bins[i] = Bin{
			Low: float64(i) / float64(len(h)), High: float64(i+1) / float64(len(h)), Images: b.images,
			Confidence: Rate(b.confidence / float64(b.images)), Accuracy: ratio(b.correct, b.images),
		}
	}
	return bins
}
