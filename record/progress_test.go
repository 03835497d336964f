package record_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/record"
)

// clock is a time that tests move.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	at := &clock{time.Unix(1e9, 0)}
	p := record.Progress{W: &out, Now: at.now}
	losses := []record.Loss{{Name: "sc", Value: 5.12344, Weight: 0.98}, {Name: "ce", Value: 2.3, Weight: 0.02}}
	for epoch := range 2 {
		for step := range 10 {
			require.NoError(t, p.Step(record.State{Epoch: epoch, Epochs: 2, Step: step, Steps: 10, Losses: losses, LearningRate: 0.05, Images: 400}))
			at.Time = at.Add(4 * time.Second)
		}
	}
	// Lines come at 12, 24, … seconds; each of the 20 steps takes 4.
	require.Equal(t, `epoch 1/2  step 4/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 1m4s
epoch 1/2  step 7/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 52s
epoch 1/2  step 10/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 40s
epoch 2/2  step 3/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 28s
epoch 2/2  step 6/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 16s
epoch 2/2  step 9/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 4s
epoch 2/2  step 10/10  sc 5.1234 (weight 0.980)  ce 2.3000 (weight 0.020)  lr 0.05  100 images/s  ETA 0s
`, out.String())
}

func TestProgressOfAResumedRunCountsFromWhereItGoesOn(t *testing.T) {
	var out bytes.Buffer
	at := &clock{time.Unix(1e9, 0)}
	p := record.Progress{W: &out, Now: at.now, Every: time.Hour}
	require.NoError(t, p.Step(record.State{Epoch: 100, Epochs: 200, Step: 0, Steps: 1, LearningRate: 0.5}))
	at.Time = at.Add(90 * time.Minute)
	require.NoError(t, p.Step(record.State{Epoch: 101, Epochs: 200, Step: 0, Steps: 1, LearningRate: 0.5, Images: 5400}))
	require.Equal(t, "epoch 102/200  step 1/1  lr 0.5  1 images/s  ETA 147h0m\n", out.String())
}

func TestProgressOfDegenerateRuns(t *testing.T) {
	var out bytes.Buffer
	at := &clock{time.Unix(1e9, 0)}
	p := record.Progress{W: &out, Now: at.now}
	require.NoError(t, p.Step(record.State{Epochs: 1, Steps: 1, Losses: []record.Loss{{Name: "ce", Value: math.NaN(), Weight: 1}}}))
	require.Equal(t, "epoch 1/1  step 1/1  ce NaN (weight 1.000)  lr 0\n", out.String(), "no time has passed to tell a speed by")
	out.Reset()
	p = record.Progress{W: &out, Now: at.now, Every: -1}
	require.NoError(t, p.Step(record.State{Epochs: 5}))
	require.NoError(t, p.Step(record.State{Epochs: 5}))
	require.Equal(t, "epoch 1/5  step 1/0  lr 0\nepoch 1/5  step 1/0  lr 0\n", out.String())
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestARunDoesNotEndBecauseNobodyReadsItsProgress(t *testing.T) {
	p := record.Progress{W: closedPipe{}}
	require.NoError(t, p.Step(record.State{Epochs: 1, Steps: 1}))
	require.NoError(t, p.Epoch(record.Epoch{Epochs: 1}))
}

func TestProgressOfAnEpoch(t *testing.T) {
	var out bytes.Buffer
	var p record.Observer = &record.Progress{W: &out}
	require.NoError(t, p.Epoch(record.Epoch{Epoch: 2, Epochs: 200, Losses: []record.Loss{{Name: "sc", Value: 5.12344, Weight: 0.98, Skipped: 7},
		{Name: "ce", Value: 2.3, Weight: 0.02}}, LearningRate: 0.5, ImagesPerSecond: 411.6, Note: "validation 45.20%"}))
	require.NoError(t, p.Epoch(record.Epoch{Epochs: 1}))
	require.Equal(t, "epoch 3/200  lr 0.5  sc 5.1234 (weight 0.980, 7 anchors skipped)  ce 2.3000 (weight 0.020)  412 images/s  validation 45.20%\n"+
		"epoch 1/1  lr 0  0 images/s\n", out.String())
}
