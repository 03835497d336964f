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

// ahead normalises samples of the network's size ahead of their use: a prefetch.Source of batches, of shape Input.Batch.
type ahead struct {
	network       *Network
	images, batch int // all samples, and those of a batch
	// write puts the network's numbers of sample i into dst; room is for an image.
	write func(i int, room *dataset.Image, dst []float32) error
}

// reading writes the samples of data.
func (n *Network) reading(data dataset.Dataset) func(i int, room *dataset.Image, dst []float32) error {
	if n.input.Features > 0 { // CheckData has found that data are such
		return func(i int, _ *dataset.Image, dst []float32) error {
			if err := data.(dataset.Features).Vector(i, dst); err != nil {
				return err
			}
			return sampleError("sample", i, n.NormalizeFeatures(dst))
		}
	}
	return func(i int, room *dataset.Image, dst []float32) error {
		if err := data.Image(i, room); err != nil {
			return err
		}
		return sampleError("image", i, n.Write(dst, room))
	}
}

func sampleError(what string, i int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("hybrid: %s %d: %w", what, i, err)
}

func (a *ahead) New() *tensor.Tensor {
	return tensor.New(a.network.input.Batch(min(a.batch, a.images))...)
}

func (a *ahead) Worker() *dataset.Image { return &dataset.Image{} }

func (a *ahead) Rows(n int) int { return min(a.batch, a.images-n*a.batch) }

func (a *ahead) Fill(room *dataset.Image, x *tensor.Tensor, n, row int) error {
	return a.write(n*a.batch+row, room, x.Rows(row, row+1).Data())
}

func (a *ahead) Finish(*tensor.Tensor, int) error { return nil }

// each gives the batches in order to do; from is the first image's index.
func (a *ahead) each(ctx context.Context, workers int, do func(from int, x *tensor.Tensor) error) error {
	loader := prefetch.Loader[*tensor.Tensor, *dataset.Image]{Workers: min(cmp.Or(max(workers, 0), runtime.GOMAXPROCS(0)), a.images)}
	n := 0
	for x, err := range loader.Batches(ctx, a, 0, (a.images+a.batch-1)/a.batch) {
		if err == nil {
			err = do(n*a.batch, x.Rows(0, a.Rows(n)))
		}
		if err != nil {
			return err
		}
		n++
	}
	return nil
}
