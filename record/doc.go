// Package record writes down what a run does, step by step: to CSV files, TensorBoard event files, structured logs, or
// several of them at once, and as plain progress lines. Replace writes a whole file, such as a report, in one step.
//
// An Observer is told of a run by what trains it: Progress writes lines, Files keeps figures in a folder, Scalars hands them to
// Recorders. A Recorder takes scalars and texts by step and name. Names are free; slashes group them in TensorBoard, as in "loss/sc".
// Nothing is buffered: what was recorded survives the death of the process, and after Flush a power cut as well. An error
// is returned by the call that meets it; Close returns the first once more, so a callback that has no place for errors may
// leave it to Close. After a failed write a recorder writes nothing more: what is in the file stays readable.
//
// # Resuming
//
// Count steps from 0 over the whole run, and record under the step that was just taken. After a checkpoint that N steps
// led to, a run goes on with step N: ResumeCSV and ResumeTensorBoard with that N drop, or let the reader drop, whatever an
// interrupted run had recorded from step N on, so that no row is there twice. Flush before saving a checkpoint, so that
// what led to it is on disk.
//
// Recorders may be used by several goroutines. The package knows nothing of the engine and is useful alone.
package record
