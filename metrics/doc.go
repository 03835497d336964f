// Package metrics measures classifiers on long-tailed data: a [Confusion] counts predictions, and gives top-1, the
// accuracy of each class, and the accuracy of many-, medium- and few-shot classes as a [Report].
//
// What was not measured is never a zero: the accuracy of a class without test images, of a group without classes, and
// of no images at all is n/a (NaN, null in JSON). Accuracies are fractions; only String shows percent.
//
// Limits: a Confusion takes one prediction an image, the best one; it keeps counts, not scores. It is not safe for
// concurrent use: count in one per goroutine and Merge them.
package metrics
