package sampler

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/schedule"
)

// Sampler chooses the images of one epoch. The result holds indices into labels and is the caller's to keep; it depends
// on nothing but the arguments, and labels is only read.
type Sampler interface {
	Epoch(labels []int, p Plan) ([]int, error)
}

// Plan says which epoch is wanted.
type Plan struct {
	At      schedule.Progress // the samplers of this package look at At.Epoch, Progressive and Deferred at At.Epochs too
	Classes int               // how many there are; 0 means up to the largest label
	Batch   int               // images a batch, at most the number of labels; 0 means not checked
	Seed    uint64            // of the stream; every epoch of a seed has its own draws
}

func (p Plan) rand() *rand.Rand { return rand.New(rand.NewPCG(p.Seed, uint64(p.At.Epoch))) }

// check reports labels and plans that no sampler can serve.
func (p Plan) check(labels []int) error {
	switch {
	case len(labels) == 0:
		return errors.New("sampler: no labels: the data set holds no images")
	case p.Batch < 0:
		return fmt.Errorf("sampler: batch of %d: choose at least 1, or 0 to leave it unchecked", p.Batch)
	case p.Batch > len(labels):
		return fmt.Errorf("sampler: batch of %d is larger than the %d images: choose a batch of at most %d",
			p.Batch, len(labels), len(labels))
	}
	for i, label := range labels {
		if label < 0 {
			return fmt.Errorf("sampler: label of image %d is %d: classes count from 0", i, label)
		}
	}
	return nil
}
