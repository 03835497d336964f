// Package parquet reads data sets from Parquet files as Hugging Face's have them: images as their encoded bytes in a column
// image, a struct of bytes and path, and labels in a column label, with the classes' names in the files' metadata.
//
// A page of Parquet holds many images, usually all of a row group, and is compressed as one: to read one image is to read
// all. So [Open] goes through each file once, a page at a time, and puts the images into a file of a cache directory, as
// Hugging Face's own library does with Arrow; from there they are read at their offsets, in any order, by any number of
// goroutines. A file that has not changed opens at once the next time. [OpenFeatures] reads vectors, in a list column, into
// memory, and [SaveFeatures] writes them.
//
// The package is apart from dataset because of what it takes to read Parquet, which only its users link.
//
// Limits: images are taken from bytes, not from the paths beside them; encrypted files are refused.
package parquet
