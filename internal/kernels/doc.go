// Package kernels holds the numerical loops of the engine: matrix products, convolution, batch-norm passes, pooling,
// row and element-wise operations.
//
// All functions work on float32 slices in row-major order; images are NHWC, convolution weights [KH, KW, C, O].
// Shapes come as plain integers. The caller has checked them: the functions have no errors to return, and a slice too
// short ends in Go's own index panic. Nothing is written outside the elements a function documents, and inputs are
// written to only where it says so. Functions named …Grad (and ConvInputGrad, ConvWeightGrad) add into their result,
// as backward passes need; the others overwrite it unless they say otherwise.
//
// Results have the same bits whatever GOMAXPROCS is: work is cut by shape alone, and the partial results of a
// reduction are added in a fixed order. Long reductions run in float64; matrix products add in float32, in runs of at
// most 256 terms. NaN and infinities propagate.
package kernels
