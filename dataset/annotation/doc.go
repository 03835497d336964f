// Package annotation reads the files that say which images a data set has and what is on them: tables ([ReadTable]: CSV, TSV,
// one column of labels or one for each class), lists of "path label" lines as ImageNet-LT's ([ReadList]), and JSON in the
// manner of COCO and iNaturalist ([ReadCOCO]). [Read] finds out which of them a file is.
//
// Whatever ids a file has for its classes (from 1, with gaps, words), labels run from 0: numbers are in their order, words in
// that of the alphabet. [Classes] keeps ids and names.
//
// No image is opened here. [dataset.NewFiles] makes a data set of what was read, and its CheckFiles says what is not on disk.
//
// Limits: files are read from front to back, in memory for ids and names; a line may have a megabyte, an element of JSON 16.
package annotation
