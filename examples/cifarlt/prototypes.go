package main

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// prototypes returns a copy of the unit prototypes [C, D] of the streams' contrast, nil if it has none.
func prototypes(streams []hybrid.Stream) *tensor.Tensor {
	l, ok := streams[0].Terms[0].Loss.(*loss.PrototypicalContrastive)
	if !ok {
		return nil
	}
	return l.Prototypes().Vectors(autograd.NewTape(autograd.Mode{NoGrad: true})).Value().Clone()
}

// meanCosine compares the unit rows of two matrices: 1 is where nothing moved. nil gives nil.
func meanCosine(first, last *tensor.Tensor) *float64 {
	if first == nil {
		return nil
	}
	sum := 0.0
	for i, x := range first.Data() {
		sum += float64(x) * float64(last.Data()[i])
	}
	mean := math.Round(1e4*sum/float64(first.Dim(0))) / 1e4
	return &mean
}
