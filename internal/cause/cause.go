// Package cause says why a context ended: an error that is both the context's and that of whoever ended it.
package cause

import (
	"context"
	"fmt"
)

// Err is ctx.Err(), wrapping context.Cause(ctx) too where that is another error; nil while ctx lasts.
func Err(ctx context.Context) error {
	err, why := ctx.Err(), context.Cause(ctx)
	if err == nil || why == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, why)
}
