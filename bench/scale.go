package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/distributed/mpi"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/train"
)

var rankCounts = []int{1, 2, 4, 8, 16, 32, 64}

// link is what connects each rank with a switch that has room for all of them.
type link struct {
	latency float64 // seconds until a message arrives
	rate    float64 // bytes a second, in either direction at once
	busy    float64 // share of the time that bytes take in which they keep a processor of the rank's busy: nothing hides that
}

// pieces are what a step of a Hybrid-SC run is made of on each rank. It passes its samples forward and backward, gathers the
// embeddings and logits of all, computes the losses of all, and then gradients are summed.
type pieces struct {
	compute  float64 // seconds for its own samples
	contrast float64 // seconds of the contrastive loss of one rank's rows; of all it is the square of the ranks times that
	params   int     // numbers in the gradient
	buffers  int     // numbers of running statistics, which are summed in float64
	gathered int     // numbers that it gives to all others
	adding   float64 // numbers that it adds a second
}

// sizeOfBucket is how many numbers of a gradient are summed at once, as in package train.
func (p pieces) sizeOfBucket() int { return min(max(p.params/8, 1<<16), 1<<20) }

const (
	backwardShare = 2.0 / 3 // of the computing
	timedSteps    = 5
	smallTalks    = 3 // exchanges of a few bytes in a step: labels, whether all go on, embeddings' and logits' second message
)

// parts are the seconds of a step on so many ranks. What is hidden of the sums goes on beside the backward pass.
type parts struct{ compute, contrast, gather, reduce, hidden float64 }

func (p parts) total() float64 { return p.compute + p.contrast + p.gather + p.reduce - p.hidden }

// on foretells a step on so many ranks. size is that of a number of the gradient on the way, in bytes.
func (p pieces) on(ranks int, l link, size float64) parts {
	n := float64(ranks)
	t := parts{compute: p.compute, contrast: p.contrast * n * n}
	if ranks == 1 {
		return t
	}
	t.gather = (1+smallTalks)*l.latency + (n-1)*4*float64(p.gathered)/l.rate
	others := (n - 1) / n * float64(p.params) // numbers that are received, added, and received again as sums
	buckets := math.Ceil(float64(p.params) / float64(p.sizeOfBucket()))
	t.reduce = 2*(buckets*l.latency+others*size/l.rate) + others/p.adding
	idle := t.reduce - 2*others*size/l.rate*l.busy - others/p.adding
	t.hidden = min(idle*(1-1/buckets), t.compute*backwardShare) // not the last bucket
	if p.buffers > 0 {
		t.reduce += 2 * (l.latency + (n-1)/n*8*float64(p.buffers)/l.rate)
	}
	return t
}

// helps are ways to spend less, with the seconds of a step under each.
var helps = []struct {
	name string
	of   func(p pieces, ranks int, l link) float64
}{
	{"float16", func(p pieces, ranks int, l link) float64 { return p.on(ranks, l, 2).total() }},
	{"each 8th", func(p pieces, ranks int, l link) float64 { // accumulation, or steps that each rank takes alone
		t := p.on(ranks, l, 4)
		return t.total() - (t.reduce-t.hidden)*7/8
	}},
	{"own anchors", func(p pieces, ranks int, l link) float64 { // each rank contrasts its own rows with all, and sends the others their gradient
		t := p.on(ranks, l, 4)
		if ranks == 1 {
			return t.total()
		}
		return t.total() - t.contrast + 2*float64(ranks)*p.contrast + t.gather
	}},
}

// scale foretells how fast ranks train together, from what one takes and the link. Started by mpirun it measures the link, and a
// step beside what is foretold for it.
func scale(s settings) (result, error) {
	b := or(s.batch, s.ownBatch())
	c, err := mpi.Open(mpi.Settings{})
	if err != nil {
		return nil, err
	}
	if s.plot != "" {
		if c.Size() > 1 {
			return nil, errors.New("-plot draws what is foretold: start one process, with -latency and -gbits")
		}
		return scalePlot(s)
	}
	traced := tracer{file: s.traceFile}
	s.trace = traced.add
	l := link{latency: s.latency / 1e3, rate: s.gbits * 1e9 / 8}
	p, err := measurePieces(s, b)
	if err != nil {
		return nil, err
	}
	r := result{"net": s.net, "batch": b, "ranks": c.Size(), "compute_ms": round(1e3 * p.compute), "contrast_ms": round(1e3 * p.contrast), "mb": round(float64(4*p.params) / 1e6)}
	if c.Size() == 1 && s.traceFile != "" {
		return nil, traced.report(r)
	}
	if c.Size() > 1 {
		if l, err = measureLink(c); err != nil {
			return nil, err
		}
		measured, err := measureStep(s, c, b, p)
		if err != nil {
			return nil, err
		}
		foretold := p.on(c.Size(), l, 4)
		r["step_ms"], r["foretold_ms"] = round(1e3*measured.total()), round(1e3*foretold.total())
		r["reduce_ms"], r["foretold_reduce_ms"] = round(1e3*measured.reduce), round(1e3*foretold.reduce)
		r["gather_ms"], r["foretold_gather_ms"] = round(1e3*measured.gather), round(1e3*foretold.gather)
	}
	r["latency_ms"], r["gbits"], r["busy"] = round(1e3*l.latency), round(8*l.rate/1e9), round(l.busy)
	if err := leave(c); err != nil {
		return nil, err
	}
	if c.Size() > 1 {
		if err := traced.report(r); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(os.Stderr, "ranks  step ms  computing  contrast  gathering  summing  hidden  efficiency")
	for _, h := range helps {
		fmt.Fprintf(os.Stderr, "  %s", h.name)
	}
	fmt.Fprintln(os.Stderr)
	var efficiencies []float64
	alone := p.on(1, l, 4)
	for _, n := range rankCounts {
		t := p.on(n, l, 4)
		efficiencies = append(efficiencies, round(alone.total()/t.total()))
		fmt.Fprintf(os.Stderr, "%5d %8.0f %10.0f %9.0f %10.0f %8.0f %7.0f %11.2f", n, 1e3*t.total(), 1e3*t.compute, 1e3*t.contrast, 1e3*t.gather, 1e3*t.reduce, 1e3*t.hidden, alone.total()/t.total())
		for _, h := range helps {
			fmt.Fprintf(os.Stderr, "  %*.2f", len(h.name), alone.total()/h.of(p, n, l))
		}
		fmt.Fprintln(os.Stderr)
	}
	r["rank_counts"], r["efficiencies"] = rankCounts, efficiencies
	return r, nil
}

// ownBatch is how many samples a rank has unless it is told.
func (s settings) ownBatch() int {
	if s.net == "resnet32" {
		return 128
	}
	return 16
}

// leave ends the job; of its processes that of rank 0 goes on, to print one line for all.
func leave(c distributed.Communicator) error {
	if err := c.Close(); err != nil {
		return err
	}
	if c.Rank() > 0 {
		os.Exit(0)
	}
	return nil
}

// measurePieces times what a rank does alone: three images a sample, two of them contrasted, as in Hybrid-SC.
func measurePieces(s settings, b int) (p pieces, err error) {
	net, err := s.network()
	if err != nil {
		return p, err
	}
	if p.compute, err = trainStep(s, net, 3*b, s.seconds); err != nil {
		return p, err
	}
	for _, e := range nn.Entries(net) {
		switch {
		case e.Param != nil:
			p.params += e.Param.Value.Len()
		case e.Buffer != nil:
			p.buffers += e.Buffer.Len()
		}
	}
	classes := net.Classes()
	p.gathered = 2*b*s.dim + b*classes
	p.contrast = s.timed(contrastStep(2*b, s.dim), min(s.seconds, 1))
	x := make([]float32, min(p.params, 1<<20))
	y := slices.Clone(x)
	p.adding = float64(len(x)) / s.timed(func() { kernels.AddScaled(x, 1, y) }, min(s.seconds, 0.5))
	return p, nil
}

// timedOnAll is the median time of what all ranks do at once, as the slowest of them has it.
func timedOnAll(c distributed.Communicator, times int, f func() error) (float64, error) {
	all := make([]float64, times)
	for i := range all {
		if err := c.Barrier(); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		each := make([]float64, c.Size())
		each[c.Rank()] = time.Since(began).Seconds()
		if err := distributed.AllGather(c, each, distributed.Shards(c.Size(), c.Size())); err != nil {
			return 0, err
		}
		all[i] = slices.Max(each)
	}
	return median(all), nil
}

// measureLink times small and large messages from each rank to each other, and what large ones take of a processor.
func measureLink(c distributed.Communicator) (l link, err error) {
	n := c.Size()
	small := make([]float32, n)
	if l.latency, err = timedOnAll(c, 50, func() error { return distributed.AllGather(c, small, distributed.Shards(n, n)) }); err != nil {
		return l, err
	}
	const numbers = 4 << 20
	large := make([]float32, numbers)
	used, began := cpuSeconds(), time.Now()
	seconds, err := timedOnAll(c, 5, func() error { return distributed.AllGather(c, large, distributed.Shards(numbers, n)) })
	l.rate = 4 * numbers * float64(n-1) / float64(n) / max(seconds-l.latency, 1e-9)
	l.busy = min(1, (cpuSeconds()-used)/time.Since(began).Seconds())
	return l, err
}

// measureStep times a whole step of all ranks, and what they exchange alone.
func measureStep(s settings, c distributed.Communicator, b int, p pieces) (t parts, err error) {
	net, err := s.network()
	if err != nil {
		return t, err
	}
	runtime.GC()
	s.ranks = c
	trace := s.trace
	var spans []train.Span
	counts := false
	s.trace = func(sp train.Span) {
		if !counts {
			return
		}
		spans = append(spans, sp)
		if trace != nil {
			trace(sp)
		}
	}
	step, err := newTrainStep(s, net, 3*b)
	if err != nil {
		return t, err
	}
	ranks := c.Size()
	rows := make([]float32, ranks*p.gathered)
	flags := make([]int32, ranks)
	gather := func() error {
		for range smallTalks {
			if err := distributed.AllGather(c, flags, distributed.Shards(ranks, ranks)); err != nil {
				return err
			}
		}
		return distributed.AllGather(c, rows, distributed.Shards(len(rows), ranks))
	}
	gradient, sums := make([]float32, p.params), distributed.Reducer[float32]{}
	statistics, wide := make([]float64, p.buffers), distributed.Reducer[float64]{}
	reduce := func() error {
		for x := gradient; len(x) > 0; x = x[min(p.sizeOfBucket(), len(x)):] {
			if err := sums.AllReduce(c, x[:min(p.sizeOfBucket(), len(x))]); err != nil {
				return err
			}
		}
		return wide.AllReduce(c, statistics)
	}
	if t.gather, err = timedOnAll(c, 10, gather); err != nil {
		return t, err
	}
	if t.reduce, err = timedOnAll(c, 10, reduce); err != nil {
		return t, err
	}
	t.contrast = p.contrast * float64(ranks*ranks)
	step() // without an order of buckets yet
	counts = true
	whole, err := timedOnAll(c, timedSteps, func() error {
		step()
		if err := gather(); err != nil {
			return err
		}
		return wide.AllReduce(c, statistics)
	})
	_, hidden := train.Hidden(spans)
	t.hidden = hidden / timedSteps
	t.compute = whole - t.gather - t.reduce + t.hidden
	return t, err
}
