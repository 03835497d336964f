package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/stretchr/testify/require"
)

func TestScaleModel(t *testing.T) {
	p := pieces{compute: 1, contrast: 0.01, params: 10 << 20, gathered: 1 << 15, adding: 1e9}
	l := link{latency: 1e-4, rate: 1e8}
	require.Equal(t, parts{compute: 1, contrast: 0.01}, p.on(1, l, 4))
	for _, h := range helps {
		require.Equal(t, 1.01, h.of(p, 1, l), h.name)
	}

	two := p.on(2, l, 4)
	require.Equal(t, 0.04, two.contrast, "all rows on each rank")
	require.InDelta(t, 4*1e-4+4*float64(1<<15)/1e8, two.gather, 1e-12)
	half := float64(5 << 20)
	require.InDelta(t, (two.reduce-half/1e9)*9/10, two.hidden, 1e-9, "all but the last bucket and the additions")
	busy := p.on(2, link{latency: 1e-4, rate: 1e8, busy: 0.25}, 4)
	require.InDelta(t, two.hidden-0.25*2*4*half/1e8*9/10, busy.hidden, 1e-9, "nor what copying keeps a processor busy for")
	slow := p.on(2, link{latency: 1e-4, rate: 1e6}, 4)
	require.InDelta(t, 2.0/3, slow.hidden, 1e-9, "no more than the backward pass")
	require.InDelta(t, slow.compute+slow.contrast+slow.gather+slow.reduce-slow.hidden, slow.total(), 1e-9)
	require.InDelta(t, 2*(10*1e-4+4*half/1e8)+half/1e9, two.reduce, 1e-9, "half of the sums received, added and half of the parts received, in 10 buckets")

	far := p.on(64, link{latency: 0, rate: 1e30}, 4)
	require.InDelta(t, 0.01*64*64, far.contrast, 1e-9)
	require.InDelta(t, 0, far.gather, 1e-9)
	require.InDelta(t, 10*(1<<20)*63.0/64/1e9, far.reduce, 1e-9)
	for _, h := range helps {
		require.Less(t, h.of(p, 8, l), p.on(8, l, 4).total(), h.name)
	}
}

func TestScalePlot(t *testing.T) {
	p := pieces{compute: 1, contrast: 0.01, params: 10 << 20, gathered: 1 << 15, adding: 1e9}
	curves := p.curves("net", link{latency: 1e-4, rate: 1e8})
	require.Len(t, curves, 2)
	require.Equal(t, 1.0, curves[0].efficiency[0])
	for i := 1; i < len(rankCounts); i++ {
		require.Greater(t, curves[0].efficiency[i], curves[1].efficiency[i])
		require.Less(t, curves[0].efficiency[i], curves[0].efficiency[i-1])
	}
	file := filepath.Join(t.TempDir(), "ranks.svg")
	require.NoError(t, drawScale(file, "title", curves))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, want := range []string{"<svg", "ranks", "efficiency", "net, sums after the pass", ">64<"} {
		require.Contains(t, string(text), want)
	}
	require.Error(t, drawScale(filepath.Join(t.TempDir(), "ranks.nothing"), "", curves))
}

// What ranks of this process measure is what the model is made of.
func TestMeasuredLinks(t *testing.T) {
	err := distributed.Run(2, func(c distributed.Communicator) error {
		l, err := measureLink(c)
		require.Greater(t, l.latency, 0.0)
		require.Greater(t, l.rate, 1e6)
		return err
	})
	require.NoError(t, err)
}
