package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/pprof"
	"time"
)

// profiler takes the CPU profile of what is timed. A nil one does nothing.
type profiler struct {
	data    bytes.Buffer
	began   time.Time // zero: it is not running
	samples []sample
	wall    time.Duration
}

// start begins the profile, unless it is running: what is timed calls it when it is warm, so that nothing else counts.
func (p *profiler) start() {
	if p == nil || !p.began.IsZero() {
		return
	}
	p.data.Reset()
	p.began = time.Now()
	fail(pprof.StartCPUProfile(&p.data))
}

// stop ends the profile until start is called again.
func (p *profiler) stop() error {
	if p == nil || p.began.IsZero() {
		return nil
	}
	p.wall += time.Since(p.began)
	p.began = time.Time{}
	pprof.StopCPUProfile()
	samples, err := readProfile(&p.data)
	p.samples = append(p.samples, samples...)
	return err
}

// print ends the profile, writes its time by kind, and begins anew.
func (p *profiler) print(w io.Writer, threads int) error {
	if err := p.stop(); err != nil || p == nil || p.wall == 0 {
		return err
	}
	samples, wall := p.samples, p.wall
	p.samples, p.wall = nil, 0
	return printKinds(w, samples, wall, threads)
}

// sample is CPU time spent in a stack of functions, the innermost first.
type sample struct {
	stack []string
	time  time.Duration
}

var errProfile = errors.New("the profile is not one that Go's runtime writes")

// readProfile reads a CPU profile: a compressed protocol buffer, described in
// https://github.com/google/pprof/blob/main/proto/profile.proto.
func readProfile(r io.Reader) ([]sample, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	type raw struct{ locations, values []uint64 }
	var raws []raw
	var names []string
	lines, functions := map[uint64][]uint64{}, map[uint64]uint64{} // functions of a location; name of a function
	err = eachField(text, func(field int, _ uint64, message []byte) error {
		switch field {
		case 2:
			var s raw
			raws = append(raws, s)
			return eachField(message, func(field int, v uint64, packed []byte) error {
				s := &raws[len(raws)-1]
				switch field {
				case 1:
					s.locations = append(s.locations, numbers(v, packed)...)
				case 2:
					s.values = append(s.values, numbers(v, packed)...)
				}
				return nil
			})
		case 4:
			var id uint64
			var called []uint64
			err := eachField(message, func(field int, v uint64, line []byte) error {
				switch field {
				case 1:
					id = v
				case 4:
					return eachField(line, func(field int, v uint64, _ []byte) error {
						if field == 1 {
							called = append(called, v)
						}
						return nil
					})
				}
				return nil
			})
			lines[id] = called
			return err
		case 5:
			var id uint64
			return eachField(message, func(field int, v uint64, _ []byte) error {
				switch field {
				case 1:
					id = v
				case 2:
					functions[id] = v
				}
				return nil
			})
		case 6:
			names = append(names, string(message))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	samples := make([]sample, 0, len(raws))
	for _, r := range raws {
		if len(r.values) == 0 {
			return nil, errProfile
		}
		s := sample{time: time.Duration(r.values[len(r.values)-1])} // after the number of samples
		for _, location := range r.locations {
			for _, f := range lines[location] {
				if functions[f] >= uint64(len(names)) {
					return nil, errProfile
				}
				s.stack = append(s.stack, names[functions[f]])
			}
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// eachField calls f for the fields of a protocol buffer: with its number, or with the bytes of anything longer.
func eachField(message []byte, f func(field int, v uint64, data []byte) error) error {
	number := func() uint64 {
		v, n := binary.Uvarint(message)
		if n <= 0 {
			message = nil
			return 0
		}
		message = message[n:]
		return v
	}
	for len(message) > 0 {
		key := number()
		var v uint64
		var data []byte
		switch key & 7 {
		case 0:
			v = number()
		case 2:
			n := number()
			if n > uint64(len(message)) {
				return errProfile
			}
			data, message = message[:n], message[n:]
		default:
			return errProfile
		}
		if err := f(int(key>>3), v, data); err != nil {
			return err
		}
	}
	return nil
}

// numbers are the values of a repeated field, which come one by one or packed.
func numbers(v uint64, packed []byte) []uint64 {
	if packed == nil {
		return []uint64{v}
	}
	var all []uint64
	for len(packed) > 0 {
		v, n := binary.Uvarint(packed)
		if n <= 0 {
			return all
		}
		all, packed = append(all, v), packed[n:]
	}
	return all
}
