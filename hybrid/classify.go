package hybrid

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
)

// Classification is what a Predictor says of a picture: all classes, the most probable first.
type Classification []Ranked

// Ranked is a class with its probability.
type Ranked struct {
	Class       string // the name
	Label       int
	Probability float64
}

// Top returns the k most probable classes, or all if there are fewer.
func (c Classification) Top(k int) Classification { return c[:max(0, min(k, len(c)))] }

// WithAbout returns a Predictor of the same weights with the class names and the Fit of about, which one of an opened file
// has already.
func (p *Predictor) WithAbout(about About) (*Predictor, error) {
	if err := about.check(p.network.classes); err != nil {
		return nil, fmt.Errorf("hybrid: %w", err)
	}
	n := *p.network
	n.about = about.clone()
	return newPredictor(&n, p.mode, p.tta), nil
}

// Classify names the classes of a picture of any size and color model. It is brought to the network's images as
// dataset.Decode does it, or by WithResize, so that prediction sees what evaluation saw.
func (p *Predictor) Classify(picture image.Image) (Classification, error) {
	all, err := p.ClassifyAll(picture)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ClassifyAll is Classify for several pictures, in the order given.
func (p *Predictor) ClassifyAll(pictures ...image.Image) ([]Classification, error) {
	if err := p.checkNames(); err != nil {
		return nil, err
	}
	if err := p.checkTakesPictures(); err != nil {
		return nil, err
	}
	n := p.network
	images := make([]*dataset.Image, len(pictures))
	for i, picture := range pictures {
		images[i] = new(dataset.Image)
		if err := dataset.Convert(picture, n.Scale(n.about.Fit), images[i]); err != nil {
			return nil, fmt.Errorf("hybrid: picture %d: %w", i, err)
		}
	}
	predictions, err := p.Predict(images...)
	if err != nil {
		return nil, err
	}
	return p.rank(predictions), nil
}

// rank orders the classes of each prediction, and names them.
func (p *Predictor) rank(predictions []Prediction) []Classification {
	all := make([]Classification, len(predictions))
	for i, prediction := range predictions {
		all[i] = make(Classification, 0, len(prediction.Probabilities))
		for label, q := range prediction.Probabilities {
			all[i] = append(all[i], Ranked{p.network.about.Classes[label], label, q})
		}
		slices.SortStableFunc(all[i], func(a, b Ranked) int { return cmp.Compare(b.Probability, a.Probability) })
	}
	return all
}

func (p *Predictor) checkNames() error {
	if about := p.network.about; about == nil || len(about.Classes) == 0 {
		return fmt.Errorf("hybrid: the predictor does not know the names of its classes: take one of a network that Open " +
			"returned, give names with Predictor.WithAbout, or use Predict, which returns labels")
	}
	return nil
}

func (p *Predictor) checkTakesPictures() error {
	n := p.network
	if n.input.Features > 0 {
		return fmt.Errorf("hybrid: the network takes %s, not pictures: use PredictFeatures on what that model makes of the pictures", n.input)
	}
	if n.input.Channels != 3 {
		return fmt.Errorf("hybrid: the network takes images of %d channels and pictures have three: make a dataset.Image and use Predict",
			n.input.Channels)
	}
	return nil
}
