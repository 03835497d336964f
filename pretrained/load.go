package pretrained

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/pytorch"
	"github.com/longtail-ml/longtail/safetensors"
)

// Settings say which tensors of a file are meant, where that cannot be found out or is not wanted. The zero value suits what
// is usual.
type Settings struct {
	// Prefix is what the file's names have before the network's, such as "module.encoder_q."; others are left. Empty: the one
	// under which most of the network is found. Where several tie the error names them; "encoder_q." goes before "encoder_k.".
	Prefix string
	// Head is what the file calls its classifier, such as "fc". Empty: fc, head, classifier, linear or last_linear.
	Head string
	// WithoutHead leaves the network's classifier as it is even if the file has one of as many classes.
	WithoutHead bool
	// Partial accepts a file that has less or more of the backbone than the network.
	Partial bool
	// Rename is applied to the file's names behind the prefix, one after the other.
	Rename []safetensors.Rename
}

// Load reads the weights file path into m: a backbone, or a network whose backbone has "backbone." before its names. If
// anything of the backbone does not fit or cannot be read, m stays as it was and the error tells what.
func Load(path string, m nn.Visitable, s Settings) (Report, error) {
	f, err := Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	r, of, err := s.match(f, m)
	if err != nil {
		return Report{}, fmt.Errorf("pretrained: %s: %w", path, err)
	}
	return fill(f, m, r, of)
}

// Open opens a weights file of either format, told apart by how it begins. Close it when the last tensor is read.
func Open(path string) (*safetensors.File, error) {
	if stat, err := os.Stat(path); err == nil && !stat.Mode().IsRegular() {
		return safetensors.Open(path) // which refuses it: opening a pipe would wait for a writer
	}
	r, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err) // os names the path
	}
	var begin [32]byte
	n, err := io.ReadFull(r, begin[:])
	r.Close()
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	if pytorch.IsFile(begin[:n]) {
		return pytorch.Open(path)
	}
	return safetensors.Open(path)
}

// From is Load for a file that is open already.
func From(f *safetensors.File, m nn.Visitable, s Settings) (Report, error) {
	r, of, err := s.match(f, m)
	if err != nil {
		return Report{}, fmt.Errorf("pretrained: %w", err)
	}
	return fill(f, m, r, of)
}

// fill reads the tensors that match named.
func fill(f *safetensors.File, m nn.Visitable, r Report, of map[string]string) (Report, error) {
	if _, err := f.LoadPartial(nn.Rename(m, func(path string) string { return of[path] })); err != nil {
		return Report{}, err
	}
	return r, nil
}

// match says which tensor of the file, by its name, is for which path of the network, and what to report of it.
func (s Settings) match(f *safetensors.File, m nn.Visitable) (r Report, of map[string]string, err error) {
	t, err := newTarget(m)
	if err != nil {
		return r, nil, err
	}
	p, err := s.findPlace(f, t)
	if err != nil {
		return r, nil, err
	}
	r = Report{Prefix: p.prefix, Part: p.part}
	of = map[string]string{}
	var unlike, more []string
	for _, x := range f.Tensors {
		if isCounter(x) {
			r.Counters++
			continue
		}
		path, fate := s.assign(x, p, t)
		switch {
		case fate == unlikeBackbone:
			unlike = append(unlike, fmt.Sprintf("%s is %v in the file, %v in the network", x.Name, x.Shape, t.shapes[path]))
		case fate == moreBackbone:
			more = append(more, x.Name)
			r.Left = append(r.Left, Left{x.Name, "unknown to the network"})
		case fate != "":
			r.Left = append(r.Left, Left{x.Name, fate})
		case of[path] != "":
			return r, nil, fmt.Errorf("%q and %q would both be %q of the network: rename one of them otherwise", of[path], x.Name, path)
		default:
			of[path] = x.Name
			r.Loaded = append(r.Loaded, safetensors.Name{File: x.Name, Model: path})
		}
	}
	var lacking []string
	for _, e := range t.entries {
		if of[e.Path] == "" {
			r.Missing = append(r.Missing, e.Path)
			if t.isBackbone(e.Path, p) {
				lacking = append(lacking, e.Path)
			}
		}
	}
	if s.Partial {
		more, lacking = nil, nil
	}
	return r, of, misfit(unlike, lacking, more)
}

// misfit is the error of a file of another backbone.
func misfit(unlike, lacking, more []string) error {
	kinds := lines(some("of another shape", unlike), some("missing from the file", lacking), some("unknown to the network", more))
	if kinds == nil {
		return nil
	}
	return fmt.Errorf("the file is of another backbone: %s: build the network that the file is of (backbone.NamedResNet), or allow "+
		"less and more with Settings.Partial", strings.Join(kinds, "; "))
}
