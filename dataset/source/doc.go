// Package source opens the data set that a path leads to, whatever it is: class folders, CIFAR's and MNIST's files, tar archives, a table, a
// list or JSON that says which images there are. [Open] finds out what it can, and says what it found; what it cannot tell it
// asks for in its error.
package source
