package main

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Long runs tell how they go, between the line that they began and its end; short ones do not.
func TestLongRunsTellHowTheyGo(t *testing.T) {
	state := func(step int) record.State {
		return record.State{Epochs: 1, Step: step, Steps: 2, Images: 5, Losses: []record.Loss{{Name: "ce", Value: 1.5, Weight: 1}}}
	}
	var log bytes.Buffer
	for _, began := range []time.Duration{0, -time.Hour} {
		fmt.Fprint(&log, "1/1  ce, seed 1: ")
		lines := newInset(&log)
		lines.from = lines.from.Add(began)
		require.NoError(t, lines.Step(state(0)))
		require.NoError(t, lines.Step(state(1)))
		lines.end()
		fmt.Fprintln(&log, "50%")
	}
	require.Regexp(t, `^1/1  ce, seed 1: 50%\n1/1  ce, seed 1: \n     epoch 1/1  step 2/2  ce 1.5000 \(weight 1.000\) .*ETA 0s\n     50%\n$`, log.String())
}

func TestWarningsStandBelowTheLine(t *testing.T) {
	var log bytes.Buffer
	fmt.Fprint(&log, "1/1  ce, seed 1: ")
	lines := newInset(&log)
	require.NoError(t, lines.warn(train.Warning{Kind: train.HighRate, Value: 4, Expected: 0.5}))
	lines.end()
	fmt.Fprintln(&log, "50%")
	require.Regexp(t, `^1/1  ce, seed 1: \n     warning: .*\n     50%\n$`, log.String())
}
