// Package shards reads data sets of images in tar archives as WebDataset has them: the files of a sample lie one after the
// other and share their name up to the first dot of its last part, as dir/000123.jpg and dir/000123.cls do.
//
// [Open] looks through each archive once and remembers where its images lie, in a cache directory; from then on an archive
// that has not changed opens at once. Images are read at their offsets, in any order, by any number of goroutines, and only
// what is being decoded is in memory. A .tar.gz has no offsets: it is unpacked once, into the cache directory.
//
// Limits: sparse files are refused. An archive must not change while a Set of it is read: that is found, and an error.
package shards
