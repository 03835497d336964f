// Package experiment trains methods on a data set, keeps each run in a folder, and puts runs side by side.
//
// [Settings] say how runs are trained, whatever the method: data, network, budget and recipe. [Settings.Open] finds the
// images, and says what it derived from them; [Settings.NewRun] makes the run of one method. [Run.Do] trains it, or goes on
// with it, and returns a [Report]. A run of your own, of any network and trainer, is a Run that you fill in yourself.
//
// A [Sweep] tries settings of one method, and chooses by held-out images.
//
// A [Comparison] is several methods and seeds by the same settings. [NewTable] makes one table of reports, and refuses those
// that would be compared unfairly: that differ in data, backbone, recipe, images seen or the groups of classes.
//
// The folder of a run has
//
//	settings.json           that it is a run, and what the caller said of it
//	manifest.json           what the run is
//	metrics.csv, steps.csv  figures of each epoch, and of each step
//	tensorboard             the same for TensorBoard
//	checkpoints             to go on from
//	model.safetensors       in the end: the model, for hybrid.Open; ema.safetensors has its average weights, if there are
//	report.json             written last: the figures, with the manifest in it
//
// A process that is killed at any moment leaves a folder that goes on with the same bits. One process at a time may use it: it
// holds the lock, a file of this name that says who it is, and another is told.
package experiment
