// Package sampler chooses which images an epoch of training sees, and in which order: every image once, as the feature
// branch of a hybrid network wants it ([Instance]), or every class equally often, as the classifier branch does
// ([ClassBalanced], arXiv 2103.14267). [SquareRoot] lies between the two, [Progressive] moves from the first to the
// second, [Deferred] changes from one to another late, and [Reversed] goes past them, to rare classes most often.
// [ClassAware] draws every class equally often too, but in turn, in an epoch that has all images of the largest class.
//
// A [Sampler] is a pure function from the labels and a [Plan] to indices. It keeps no state between epochs, so a
// resumed run repeats the epoch it was in, and one value serves many goroutines. The caller cuts the indices into
// batches and drops the last one if it is short, so that the number of draws sets the length of an epoch.
//
// Limits: the indices of an epoch are one slice, held in memory; those of ClassAware take 65 MB for the 8,142 classes of
// iNaturalist 2018, of up to 1,000 images. Two streams that use the same sampler and should not see the same images need
// different seeds.
package sampler
