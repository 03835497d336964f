// Package report makes pages to look at: what a run reached and where it fails, or how several runs differ.
//
// [Open] reads the folder of a run and tests its model once more on the run's images, to see more than the figures that training
// left; [OpenAll] reads several. [Write] makes one HTML page of one run or of several. The page needs nothing else: plots are SVG with selectable text,
// pictures lie in it, and it asks no network. [WritePNG] writes the plots as files.
//
// A run that package experiment did not make is a [Run] that you fill in: Figures, and Test by [Evaluate].
package report
