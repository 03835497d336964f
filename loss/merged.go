package loss

import "github.com/longtail-ml/longtail/autograd"

// MergedCosine is the cosine above which two prototypes hardly tell their classes apart: 26° between them.
const MergedCosine = 0.9

// Merged lists the classes whose prototype has another's within a cosine of MergedCosine. None are where the embeddings are too
// narrow for as many directions that are far from each other, nor before there are prototypes.
func (l *PrototypicalContrastive) Merged() (classes []int) {
	bank := l.Prototypes()
	if bank == nil {
		return nil
	}
	v := bank.Vectors(autograd.NewTape(autograd.Mode{NoGrad: true}))
	if v.Dim(1)+1 < v.Dim(0) {
		return nil
	}
	cosines := autograd.MatMulT(v, v).Value()
	for i := range v.Dim(0) {
		for j, cosine := range cosines.Rows(i, i+1).Data() {
			if j != i && cosine > MergedCosine {
				classes = append(classes, i)
				break
			}
		}
	}
	return classes
}
