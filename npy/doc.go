// Package npy reads and writes arrays in NumPy's file format, .npy (versions 1 to 3), without Python.
//
// Read as float32 are arrays of float16, float32 and float64; read as int are those of integers of every size, and of bool.
// Both byte orders are read. Arrays in Fortran's order of memory come out in C's, if they have at most two dimensions. Save
// and SaveInts write version 1 in C's order, as numpy.save does.
//
// Limits: text, records, complex numbers and pickled objects are refused, and so are the .npz archives of numpy.savez.
package npy
