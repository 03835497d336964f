// Package optim changes parameters by their gradients: SGD with momentum, Adam and AdamW, in PyTorch's arithmetic, and
// clipping by norm.
//
// A Rule holds settings and makes an Optimizer for given parameters; the learning rate comes with each step. An
// Optimizer uses Param.Grad and leaves it as it is: the caller clears gradients with ZeroGrad. Parameters that are frozen
// or have no gradient yet (nil) are passed over entirely: no weight decay, no momentum, no count of steps. An
// optimizer's own memory is float32 and is shown to visitors, so that checkpoints can hold it.
//
// Groups gives parts of the parameters a learning rate and a weight decay of their own, chosen by their paths.
//
// Limits: a step runs on the calling goroutine, and nothing else may use the parameters meanwhile.
package optim
