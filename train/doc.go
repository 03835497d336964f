// Package train trains hybrid networks (arXiv 2103.14267) and whatever else is put together as hybrid.Streams.
//
// A Trainer draws each stream's samples, makes batches of them ahead of time, runs the network, weighs the losses, steps,
// evaluates, saves and goes on with what was saved. Step is the heart of it, a whole step on one batch, for training loops
// of your own.
//
// Fit is deterministic: the same seed gives the same weights bit for bit, whatever GOMAXPROCS, and whether the run went
// through or was stopped and resumed (Checkpoints). It logs nothing and changes no global state; progress comes to Observers
// and functions, and so do warnings. What is chosen is chosen on Trainer.Validation, never silently on the test set.
package train
