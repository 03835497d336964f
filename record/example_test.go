package record_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/longtail-ml/longtail/record"
)

// folder returns a temporary folder and what removes it.
func folder() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// show prints a CSV file without its times.
func show(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(raw)) {
		fmt.Println(line[:strings.LastIndex(line, ",")])
	}
}

// A trainer's callback after each step hands its report on. Errors can wait for Close.
func Example() {
	dir, remove := folder()
	defer remove()
	table, err := record.CreateCSV(filepath.Join(dir, "run.csv"))
	if err != nil {
		panic(err)
	}
	events, err := record.CreateTensorBoard(filepath.Join(dir, "events"))
	if err != nil {
		panic(err)
	}
	r := record.Multi(table, events)
	r.Settings(0, map[string]string{"method": "hybrid-sc", "batch": "128"})

	const steps = 2 // of an epoch
	onStep := func(epoch, step int, sc, ce, alpha float64) {
		at := epoch*steps + step // counted over the whole run
		r.Scalar(at, "loss/sc", sc)
		r.Scalar(at, "loss/ce", ce)
		r.Scalar(at, "alpha", alpha)
	}
	onStep(0, 0, 5.5, 2.25, 1)
	onStep(0, 1, 5.25, 2.125, 1)
	if err := r.Close(); err != nil {
		fmt.Println(err)
	}
	show(filepath.Join(dir, "run.csv"))
	// Output:
	// step,name,value
	// 0,settings/batch,128
	// 0,settings/method,hybrid-sc
	// 0,loss/sc,5.5
	// 0,loss/ce,2.25
	// 0,alpha,1
	// 1,loss/sc,5.25
	// 1,loss/ce,2.125
	// 1,alpha,1
}

func ExampleCSV() {
	dir, remove := folder()
	defer remove()
	path := filepath.Join(dir, "run.csv")
	c, err := record.CreateCSV(path)
	if err != nil {
		panic(err)
	}
	c.Scalar(0, "loss", 0.75)
	c.Scalar(0, "lr", 0.5)
	c.Text(0, "note", "two\nlines")
	fmt.Println(c.Close())
	show(path)
	// Output:
	// <nil>
	// step,name,value
	// 0,loss,0.75
	// 0,lr,0.5
	// 0,note,two\nlines
}

// A run died in its fourth step and goes on from a checkpoint that two steps led to.
func ExampleResumeCSV() {
	dir, remove := folder()
	defer remove()
	path := filepath.Join(dir, "run.csv")
	run := func(from, to int) {
		c, err := record.ResumeCSV(path, from)
		if err != nil {
			panic(err)
		}
		for step := from; step < to; step++ {
			c.Scalar(step, "loss", 1/float64(step+1))
		}
		if err := c.Close(); err != nil {
			panic(err)
		}
	}
	run(0, 4)
	run(2, 5)
	show(path)
	// Output:
	// step,name,value
	// 0,loss,1
	// 1,loss,0.5
	// 2,loss,0.3333333333333333
	// 3,loss,0.25
	// 4,loss,0.2
}

// Point tensorboard --logdir at the folder, or at one above it that holds several runs.
func ExampleTensorBoard() {
	dir, remove := folder()
	defer remove()
	b, err := record.CreateTensorBoard(dir)
	if err != nil {
		panic(err)
	}
	b.Settings(0, map[string]string{"lr": "0.5"})
	b.Scalar(0, "loss/sc", 5.5)
	b.Text(0, "notes", "a **long** tail")
	fmt.Println(b.Close())
	_, err = record.CreateTensorBoard(dir)
	fmt.Println(strings.ReplaceAll(err.Error(), dir, "DIR"))
	// Output:
	// <nil>
	// record: DIR has event files already: go on with them by ResumeTensorBoard, or choose another folder
}

func ExampleNewSlog() {
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	r := record.NewSlog(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})))
	r.Scalar(12, "loss/sc", 5.5)
	// Output: level=INFO msg=scalar step=12 name=loss/sc value=5.5
}

func ExampleMulti() {
	dir, remove := folder()
	defer remove()
	c, err := record.CreateCSV(filepath.Join(dir, "run.csv"))
	if err != nil {
		panic(err)
	}
	r := record.Multi(c, record.NewSlog(slog.New(slog.DiscardHandler)))
	r.Scalar(0, "loss", 0.5)
	fmt.Println(r.Scalar(-1, "loss", 0.5))
	r.Close()
	show(filepath.Join(dir, "run.csv"))
	// Output:
	// record: step -1 of "loss": steps count from 0
	// record: step -1 of "loss": steps count from 0
	// step,name,value
	// 0,loss,0.5
}

func ExampleProgress() {
	now := time.Unix(0, 0)
	p := record.Progress{W: os.Stdout, Every: 30 * time.Second, Now: func() time.Time { return now }}
	for step := range 5 {
		err := p.Step(record.State{Epoch: 2, Epochs: 200, Step: step, Steps: 97, LearningRate: 0.5, Images: 384,
			Losses: []record.Loss{{Name: "sc", Value: 5.1234, Weight: 0.98}, {Name: "ce", Value: 2.3026, Weight: 0.02}}})
		if err != nil {
			fmt.Println(err)
		}
		now = now.Add(10 * time.Second)
	}
	// Output: epoch 3/200  step 4/97  sc 5.1234 (weight 0.980)  ce 2.3026 (weight 0.020)  lr 0.5  38 images/s  ETA 53h20m
}
