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

// ahead normalises images of the network's size ahead of their use: a prefetch.Source of batches [B, H, W, C].
type ahead struct {
	network       *Network
	images, batch int // all of them, and those of a batch
	// image returns image i, in room if it needs any.
	image func(i int, room *dataset.Image) (*dataset.Image, error)
}

func (a *ahead) New() *tensor.Tensor {
	in := a.network.input
	return tensor.New(min(a.batch, a.images), in.Height, in.Width, in.Channels)
}

func (a *ahead) Worker() *dataset.Image { return &dataset.Image{} }

func (a *ahead) Rows(n int) int { return min(a.batch, a.images-n*a.batch) }

func (a *ahead) Fill(room *dataset.Image, x *tensor.Tensor, n, row int) error {
	i := n*a.batch + row
	img, err := a.image(i, room)
	if err != nil {
		return err
	}
	if err := a.network.Write(x.Rows(row, row+1).Data(), img); err != nil {
		return fmt.Errorf("hybrid: image %d: %w", i, err)
	}
	return nil
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
