package experiment

import (
	"errors"
	"path/filepath"

	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// recording keeps the figures of a run in its folder, as CSV and for TensorBoard: those of epochs by epoch, in "metrics",
// those of steps by step, in "steps". Its files are opened by the first report, which tells what they go on with.
type recording struct {
	dir           string // "": nothing is kept
	judge         string // what epochs are evaluated on
	epochs, steps record.Recorder
	err           error // the first
}

// open goes on with the files of a name where what they have comes before at.
func (r *recording) open(name string, at int) record.Recorder {
	table, err := record.ResumeCSV(filepath.Join(r.dir, name+".csv"), at)
	if err != nil {
		r.keep(err)
		return record.Multi()
	}
	board, err := record.ResumeTensorBoard(filepath.Join(r.dir, "tensorboard", name), at)
	if err != nil {
		r.keep(errors.Join(err, table.Close()))
		return record.Multi()
	}
	return record.Multi(table, board)
}

func (r *recording) step(s train.StepReport) {
	if r.dir == "" {
		return
	}
	at := s.At.Epoch*s.At.Steps + s.At.Step // the samplers here give all epochs as many steps
	if r.steps == nil {
		r.steps = r.open("steps", at)
	}
	r.losses(r.steps, at, s.Losses)
	r.scalar(r.steps, at, "loss", s.Total)
	r.scalar(r.steps, at, "lr", s.LearningRate)
	r.scalar(r.steps, at, "gradient norm", s.GradNorm)
	r.scalar(r.steps, at, "images/s", s.ImagesPerSecond)
}

func (r *recording) epoch(e train.EpochReport) {
	if r.dir == "" {
		return
	}
	if r.epochs == nil {
		r.epochs = r.open("metrics", e.Epoch)
	}
	r.losses(r.epochs, e.Epoch, e.Losses)
	r.scalar(r.epochs, e.Epoch, "loss", e.Total)
	r.scalar(r.epochs, e.Epoch, "lr", e.LearningRate)
	r.scalar(r.epochs, e.Epoch, "images/s", e.ImagesPerSecond)
	if e.Test != nil {
		r.scalar(r.epochs, e.Epoch, r.judge+"/top1", float64(e.Test.Top1))
	}
	if e.EMA != nil {
		r.scalar(r.epochs, e.Epoch, r.judge+"/top1 of the average weights", float64(e.EMA.Top1))
	}
}

func (r *recording) losses(to record.Recorder, at int, all []train.LossReport) {
	for _, l := range all {
		r.scalar(to, at, "loss/"+l.Name, l.Value)
		r.scalar(to, at, "weight/"+l.Name, l.Weight)
	}
}

func (r *recording) scalar(to record.Recorder, at int, name string, value float64) {
	r.keep(to.Scalar(at, name, value))
}

func (r *recording) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// flush puts everything on disk and returns the first error so far: no checkpoint gets ahead of what is recorded.
func (r *recording) flush() error {
	for _, to := range []record.Recorder{r.steps, r.epochs} {
		if to != nil {
			r.keep(to.Flush())
		}
	}
	return r.err
}

// close ends the files.
func (r *recording) close() error {
	for _, to := range []record.Recorder{r.steps, r.epochs} {
		if to != nil {
			r.keep(to.Close())
		}
	}
	return r.err
}
