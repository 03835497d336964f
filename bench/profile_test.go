package main

import (
	"bytes"
	"compress/gzip"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/internal/kernels"
)

// What the runtime writes is read: the functions still have the names that kinds has.
func TestProfileOfConvolutions(t *testing.T) {
	k := kernels.Conv{N: 2, H: 32, W: 32, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1}
	x, w, y := make([]float32, 2*32*32*16), make([]float32, 9*16*16), make([]float32, 2*32*32*16)
	var data bytes.Buffer
	if err := pprof.StartCPUProfile(&data); err != nil {
		t.Skip(err)
	}
	used := cpuSeconds()
	enough := func(wall time.Duration, processor float64) bool { // samples are of time on a processor
		return wall > time.Second/2 && (processor == 0 || processor > used+0.5 || wall > time.Minute)
	}
	for began := time.Now(); !enough(time.Since(began), cpuSeconds()); {
		kernels.ConvForward(k, x, w, nil, y)
		kernels.ConvInputGrad(k, y, w, x, false)
		kernels.ConvWeightGrad(k, x, y, w)
	}
	pprof.StopCPUProfile()
	samples, err := readProfile(&data)
	require.NoError(t, err)
	times := map[string]time.Duration{}
	for _, s := range samples {
		times[kindOf(s.stack)] += s.time
	}
	var text bytes.Buffer
	require.NoError(t, printKinds(&text, samples, time.Second, 2))
	for _, pass := range []string{"convolution, forward", "convolution, input gradient", "convolution, weight gradient"} {
		require.Positive(t, times[pass], &text)
		require.Contains(t, text.String(), pass)
	}
}

func TestReadProfileErrors(t *testing.T) {
	_, err := readProfile(strings.NewReader("no profile"))
	require.EqualError(t, err, "the profile is not one that Go's runtime writes: gzip: invalid header")
	for _, message := range []string{
		"\x12\x05",         // a sample longer than the rest
		"\x0d1234",         // a fixed-width field, which there is none of
		"\x12\x02\x08\x01", // a sample without values
		"\x12\x04\x08\x01\x10\x07\x22\x06\x08\x01\x22\x02\x08\x01\x2a\x04\x08\x01\x10\x09", // a function without a name
	} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write([]byte(message))
		require.NoError(t, z.Close())
		_, err := readProfile(&packed)
		require.ErrorIs(t, err, errProfile, "%q", message)
	}
}

// A profile that stops and starts again has the time between left out, and one that is printed begins anew.
func TestProfileGoesOn(t *testing.T) {
	p := &profiler{}
	p.start()
	require.NoError(t, p.stop())
	once := p.wall
	require.Positive(t, once)
	require.NoError(t, p.stop())
	require.Equal(t, once, p.wall)
	p.start()
	var text bytes.Buffer
	require.NoError(t, p.print(&text, 2))
	require.Contains(t, text.String(), "of 2 threads busy")
	text.Reset()
	require.NoError(t, p.print(&text, 2))
	require.Empty(t, text.String())
	var none *profiler
	none.start()
	require.NoError(t, none.print(&text, 2))
}
