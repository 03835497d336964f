// Package longtail is the root of a library for learning from long-tailed image data, where a few classes have thousands
// of images and most a handful. It implements hybrid networks (arXiv 2103.14267) in pure Go, with an autodiff engine of
// its own.
//
// Start with package hybrid, which trains and predicts; the packages beside it are its parts, each usable alone.
// The programs in examples show whole runs.
package longtail
