package embedding

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"runtime"

	"github.com/longtail-ml/longtail/dataset"
	"golang.org/x/image/draw"
	"golang.org/x/sync/errgroup"
)

const maxThumbnail = 512

// thumbnails makes one of each image.
func thumbnails(ctx context.Context, data dataset.Dataset, side int) ([][]byte, error) {
	if files, ok := data.(*dataset.Files); ok {
		scaled, err := files.Scaled(dataset.Scale{Height: side, Width: side, Fit: dataset.CenterCrop})
		if err != nil {
			return nil, err
		}
		data = scaled
	}
	all := make([][]byte, data.Len())
	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			var img dataset.Image
			for i := w; i < len(all); i += workers {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := data.Image(i, &img); err != nil {
					return err
				}
				raw, err := thumbnail(&img, side)
				if err != nil {
					return fmt.Errorf("embedding: %s: %w", dataset.NameOf(data, i), err)
				}
				all[i] = raw
			}
			return nil
		})
	}
	return all, group.Wait()
}

// thumbnail is the middle of an image, scaled.
func thumbnail(img *dataset.Image, side int) ([]byte, error) {
	src, err := img.Picture()
	if err != nil {
		return nil, err
	}
	dst := image.NewRGBA(image.Rect(0, 0, side, side))
	short := min(img.Width, img.Height)
	at := image.Pt((img.Width-short)/2, (img.Height-short)/2)
	draw.CatmullRom.Scale(dst, dst.Rect, src, image.Rectangle{at, at.Add(image.Pt(short, short))}, draw.Src, nil)
	var b bytes.Buffer
	err = jpeg.Encode(&b, dst, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}
