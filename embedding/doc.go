// Package embedding has what a network makes of the images of a data set: a unit vector for each, with the labels and names of the
// images, to search and to look at.
//
// [Of] computes a [Set], Save and [Open] keep it in a file that NumPy, safetensors and dataset/features read. An [Index] finds the
// images nearest to others by cosine, and those that are nearly the same. SaveProjector writes what TensorBoard's projector
// shows.
//
// Limits: all vectors are in memory, as float32. A search compares with every vector; 50,000 of width 128 take a few
// milliseconds.
package embedding
