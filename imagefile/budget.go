package imagefile

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the pixels that decoders which share it have in the making at once; those that find it spent wait. It may be
// used by many goroutines.
type Budget struct {
	pixels int64
	left   *semaphore.Weighted
}

// NewBudget returns a Budget of so many pixels. A picture larger than the whole of it is refused.
func NewBudget(pixels int) *Budget {
	return &Budget{int64(pixels), semaphore.NewWeighted(int64(pixels))}
}

func (b *Budget) acquire(ctx context.Context, pixels int) (release func(), err error) {
	if b == nil {
		return func() {}, nil
	}
	n := int64(pixels)
	if n > b.pixels {
		return nil, fmt.Errorf("a picture of %d pixels, more than the budget of %d that decoders share", n, b.pixels)
	}
	if err := b.left.Acquire(ctx, n); err != nil {
		return nil, context.Cause(ctx)
	}
	return func() { b.left.Release(n) }, nil
}
