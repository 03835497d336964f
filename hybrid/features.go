package hybrid

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// FeaturesOf returns what the backbone makes of every image of data, as they are, in evaluation mode: features [N, F] and
// the labels, of which package posthoc makes a Set. batch is how many images are computed at once; 0 means 128. A feature
// that is not finite is an error.
func (n *Network) FeaturesOf(ctx context.Context, data dataset.Dataset, batch int) (*tensor.Tensor, []int, error) {
	if err := checkData("cached", data, n); err != nil {
		return nil, nil, err
	}
	width := n.Backbone.OutDim()
	features, tape := tensor.New(data.Len(), width), autograd.NewTape(autograd.Mode{})
	err := n.each(ctx, data, batch, func(from int, images *tensor.Tensor) error {
		tape.Reset(autograd.Mode{NoGrad: true})
		f := n.Features(tape.Const(images))
		if i := kernels.FirstNonFinite(f.Data()); i >= 0 {
			return fmt.Errorf("hybrid: image %d: a feature is %v: the network's weights have grown out of range", from+i/width, f.Data()[i])
		}
		copy(features.Rows(from, from+images.Dim(0)).Data(), f.Data())
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return features, dataset.Labels(data), nil
}
