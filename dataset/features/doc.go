// Package features has data sets of vectors in place of images: the embeddings that DINO, CLIP or any other model made of
// images, with their labels, so that a classifier is trained on them without the images.
//
// [New] makes a [Set] of a slice. [Open] reads a file of NumPy's (.npy, with the labels in a second one) or of safetensors,
// and [OpenSplit] a directory with the parts of a data set. A Set is a dataset.Features: dataset.LongTail, Holdout and Subset
// take it, and train.Trainer.Fit where the network was made by hybrid.WithFeatures.
//
// Limits: all values are held in memory, as float32.
package features
