// Package schedule holds values that change while a network trains: learning rates, the curriculum α between the two
// branches of a hybrid network (arXiv 2103.14267), and weights of losses that start or stop at an epoch.
//
// A [Scheduler] is a pure function of [Progress]: it keeps no state, so resuming a run needs nothing but the epoch and
// the step, one value serves many goroutines, and asking twice gives the same answer. Anything of the caller's own
// joins as a [Func] or by implementing Scheduler.
//
// Limits: At checks nothing (a nil schedule inside another panics there); [Validate] is where settings that make no
// sense are reported, once, before training. Schedules that react to results (a plateau of the loss) are no function of progress and are not
// offered.
package schedule
