package report

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Map is test images in two dimensions, by their embeddings.
type Map struct {
	Images    []int        // of the test set
	Of        string       // what was embedded
	PCA       [][2]float64 // principal components; nil where there is too little to see
	Variance  [2]float64   // the share of each of all variance
	Neighbors [][2]float64 // an embedding that keeps near what is near
}

// embed returns unit embeddings [N, D] of features, or unit features of a network without a projection head.
func (l *look) embed(features *tensor.Tensor) (*tensor.Tensor, error) {
	width, f := l.network.EmbeddingDim(), l.network.Embed
	if l.network.Projection == nil {
		width, f = features.Dim(1), func(x *autograd.Var) *autograd.Var { return nn.L2Normalize(x) }
	}
	out := tensor.New(features.Dim(0), width)
	err := l.each(features, max(width, features.Dim(1)), f, func(from int, rows *tensor.Tensor) error {
		copy(out.Rows(from, from+rows.Dim(0)).Data(), rows.Data())
		return nil
	})
	return out, err
}

// embedded says what embed returns.
func (l *look) embedded() string {
	if l.network.Projection != nil {
		return "embeddings of the projection head, of unit length"
	}
	return "features of the backbone, at unit length"
}

// drawMap puts test images into two dimensions.
func (l *look) drawMap(ctx context.Context, embeddings *tensor.Tensor) (*Map, error) {
	most := l.settings.Points
	if most == 0 {
		most = 5000
	}
	m := &Map{Images: spaced(len(l.labels), most), Of: l.embedded()}
	rows := pick(embeddings, m.Images)
	var ok bool
	if m.PCA, m.Variance, ok = principal(rows); !ok {
		l.notes = append(l.notes, fmt.Sprintf("There is no map of the embeddings: %d of width %d do not span two dimensions.", rows.Dim(0), rows.Dim(1)))
		return nil, nil
	}
	edges, err := neighborGraph(ctx, rows, 15)
	m.Neighbors = layOut(edges, m.PCA)
	return m, err
}

// spaced returns n or at most so many indices, evenly spaced.
func spaced(n, most int) []int {
	all := make([]int, min(n, most))
	for k := range all {
		all[k] = k * n / len(all)
	}
	return all
}

// pick returns some rows of a matrix.
func pick(x *tensor.Tensor, rows []int) *tensor.Tensor {
	out := tensor.New(len(rows), x.Dim(1))
	for k, i := range rows {
		copy(out.Rows(k, k+1).Data(), x.Rows(i, i+1).Data())
	}
	return out
}
