// Package autograd records operations on a Tape and runs them backward.
//
// A Tape is one step: values computed on it live until Reset, which keeps the memory and invalidates every Var. Using a
// Var after Reset panics; it is never silently wrong. Training or evaluation mode, randomness, the values of buffers
// (running statistics) and the BLAS used belong to the tape, never to a layer or to the process, so one network may be
// evaluated on many tapes at once. A tape itself belongs to one goroutine.
//
// Built-in and user-written operations use the same entry point, Op: a value computed in plain Go and a function that
// adds gradients. Misuse panics with *tensor.Error; tensor.Try turns that into an error.
//
// Values are float32. Gradients are checked against float64 by package gradtest.
package autograd
