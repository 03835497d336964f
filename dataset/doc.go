// Package dataset reads labelled images and cuts long tails out of them.
//
// A [Dataset] is a set of images read by index. [Memory] keeps its pixels as bytes in one slab; [Files] decodes image
// files of every usual kind when asked, those of class folders ([OpenFolder]) or of any list ([NewFiles]; package annotation
// reads lists, tables and JSON; package idx MNIST's format); [CIFAR10] and [CIFAR100] read the binary versions of those sets; [Generate] draws
// images that need no file at all; [OpenSplit] finds out which of them a directory holds. [Load] reads any of them into
// memory, if its images have one size; [Cache] keeps those of any size in memory and in a file, as they are read. [Check] finds the files that cannot be read, all of them at once.
//
// [LongTail] thins a set to class sizes given by a [Profile]. The test set of a long-tail experiment stays balanced, so it
// is applied to training sets only.
//
// Invariants: images are uint8 in HWC order and labels are indices into Classes. Readers may be concurrent. Everything
// random follows from a seed. Nothing here logs or keeps process-wide state; data that is not as expected gives an error
// that names the file or the index.
//
// Limits: a partly transparent image is seen on black.
package dataset
