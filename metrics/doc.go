// Package metrics measures classifiers and embeddings on long-tailed data.
//
// A [Confusion] counts predictions, and gives top-1, the accuracy and F1 of each class, balanced accuracy, the accuracy
// under another distribution of classes, and the accuracy of many-, medium- and few-shot classes as a [Report]. [Worst]
// and [Wilson] say how bad it gets and how sure that is; [Resample] and [NewDifference] say it of the difference between two
// classifiers. Probabilities are measured by [Reliability], [ECE],
// [ClasswiseECE] and [Brier]; embeddings by [Alignment], [Uniformity] and the [Gram] matrix of their prototypes.
//
// What was not measured is never a zero: the accuracy of a class without test images, of a group without classes, and
// of no images at all is n/a (NaN, null in JSON). Accuracies are fractions; only String shows percent.
//
// Limits: a Confusion takes one prediction an image, the best one; it keeps counts, not scores. It is not safe for
// concurrent use: count in one per goroutine and Merge them.
package metrics
