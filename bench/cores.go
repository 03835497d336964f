package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/longtail-ml/longtail/internal/parallel"
)

var coreCounts = []int{8, 16, 32, 64}

// divided is time on one core: of the parts of loops, which cores share, and of what lies between, which they don't.
type divided struct {
	loops  [][]time.Duration
	serial time.Duration
}

// divide runs f several times, once to warm up, and keeps the least time of each part: what else the machine does is not f's.
func divide(f func(), times int) (least divided) {
	f()
	for range times {
		began := time.Now()
		d := divided{loops: parallel.Trace(f)}
		d.serial = time.Since(began)
		for _, parts := range d.loops {
			for _, t := range parts {
				d.serial -= t
			}
		}
		if least.loops == nil {
			least = d
			continue
		}
		least.serial = min(least.serial, d.serial)
		for i, parts := range d.loops {
			for j, t := range parts {
				least.loops[i][j] = min(least.loops[i][j], t)
			}
		}
	}
	return least
}

// on is the time on so many cores if nothing but the division held them back: each takes the next part when it is done.
func (d divided) on(cores int) time.Duration {
	total := d.serial
	for _, parts := range d.loops {
		busy := make([]time.Duration, cores)
		for _, t := range parts {
			least := 0
			for i, b := range busy {
				if b < busy[least] {
					least = i
				}
			}
			busy[least] += t
		}
		total += slices.Max(busy)
	}
	return total
}

// speedups are those on coreCounts.
func (d divided) speedups() (all []float64) {
	for _, n := range coreCounts {
		all = append(all, round(d.on(1).Seconds()/d.on(n).Seconds()))
	}
	return all
}

// parts of the loop that takes longest.
func (d divided) parts() int {
	n, most := 0, time.Duration(-1)
	for _, parts := range d.loops {
		var sum time.Duration
		for _, t := range parts {
			sum += t
		}
		if sum > most {
			n, most = len(parts), sum
		}
	}
	return n
}

func (d divided) String() string {
	text := ""
	for _, v := range d.speedups() {
		text += fmt.Sprintf(" %5.1f", v)
	}
	return fmt.Sprintf("%s  %5d parts, %4.1f%% serial", text, d.parts(), 100*d.serial.Seconds()/d.on(1).Seconds())
}

// cores prints a line a pass of each layer shape to standard error; the result is a whole training step.
func cores(s settings) (result, error) {
	b := or(s.batch, map[bool]int{true: 128, false: 16}[s.net == "resnet32"])
	layers, err := s.layers()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%-31s %-8s    8    16    32    64 cores\n", "layer", "pass")
	for _, l := range layers {
		for i, pass := range l.passes(b, false) {
			if pass != nil {
				fmt.Fprintf(os.Stderr, "%-31s %-8s%v\n", l, []string{"forward", "input", "weight"}[i], divide(pass, 15))
			}
		}
	}
	net, err := s.network()
	if err != nil {
		return nil, err
	}
	step, err := newTrainStep(s, net, b)
	if err != nil {
		return nil, err
	}
	whole := divide(step, 7)
	fmt.Fprintf(os.Stderr, "%-40s%v\n", "training step", whole)
	return result{"net": s.net, "batch": b, "cores": coreCounts, "speedups": whole.speedups(), "serial": round(100 * whole.serial.Seconds() / whole.on(1).Seconds())}, nil
}
