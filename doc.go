// Package longtail is the root of a library for learning from long-tailed image data, where a few classes have thousands
// of images and most a handful. It implements hybrid networks (arXiv 2103.14267) in pure Go, with an autodiff engine of
// its own.
//
// Start with package method, which has what to train, package train, which trains it, and package hybrid, which keeps and
// applies it; the packages beside them are their parts, each usable alone.
// The programs in examples show whole runs.
package longtail
