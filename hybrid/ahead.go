package hybrid

import (
	"cmp"
	"context"
	"fmt"
	"runtime"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/prefetch"
	"github.com/longtail-ml/longtail/tensor"
)

// ahead prepares what the network sees of samples ahead of its use: a prefetch.Source of batches, of shape Input.Batch, with the
// views of a sample together.
type ahead struct {
	network       *Network
	views         int // of a sample
	images, batch int // all samples, and those of a batch
	// write puts the network's numbers of the views of sample i into x.
	write func(i int, w *viewer, x *tensor.Tensor) error
}

// reading writes the samples of data.
func (n *Network) reading(data dataset.Dataset, tta TTA) func(i int, w *viewer, x *tensor.Tensor) error {
	if n.input.Features > 0 { // CheckData has found that data are such
		return func(i int, _ *viewer, x *tensor.Tensor) error {
			if err := data.(dataset.Features).Vector(i, x.Data()); err != nil {
				return err
			}
			return sampleError(fmt.Sprintf("sample %d", i), n.NormalizeFeatures(x.Data()))
		}
	}
	return func(i int, w *viewer, x *tensor.Tensor) error {
		if err := data.Image(i, &w.source); err != nil {
			return err
		}
		if err := n.writeViews(x, &w.source, tta, w); err != nil {
			return sampleError(dataset.NameOf(data, i), err)
		}
		return nil
	}
}

func sampleError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("hybrid: %s: %w", name, err)
}

func (a *ahead) New() *tensor.Tensor {
	return tensor.New(a.network.input.Batch(min(a.batch, a.images) * a.views)...)
}

func (a *ahead) Worker() *viewer { return &viewer{} }

func (a *ahead) Rows(n int) int { return min(a.batch, a.images-n*a.batch) }

func (a *ahead) Fill(w *viewer, x *tensor.Tensor, n, row int) error {
	return a.write(n*a.batch+row, w, x.Rows(row*a.views, (row+1)*a.views))
}

func (a *ahead) Finish(*tensor.Tensor, int) error { return nil }

// each gives the batches in order to do; from is the first image's index, not the first row's.
func (a *ahead) each(ctx context.Context, workers int, do func(from int, x *tensor.Tensor) error) error {
	loader := prefetch.Loader[*tensor.Tensor, *viewer]{Workers: min(cmp.Or(max(workers, 0), runtime.GOMAXPROCS(0)), a.images)}
	n := 0
	for x, err := range loader.Batches(ctx, a, 0, (a.images+a.batch-1)/a.batch) {
		if err == nil {
			err = do(n*a.batch, x.Rows(0, a.Rows(n)*a.views))
		}
		if err != nil {
			return err
		}
		n++
	}
	return nil
}
