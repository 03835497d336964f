package safetensors

import "github.com/longtail-ml/longtail/nn"

// Load reads the safetensors file path into m and returns the file's metadata. File and model must hold tensors of the
// same names and shapes, the file's after renaming; if anything does not fit or cannot be read, m stays as it was and the
// error tells all of it.
func Load(path string, m nn.Visitable, renames ...Rename) (metadata map[string]string, err error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Load(m, renames...); err != nil {
		return nil, err
	}
	return f.Metadata, nil
}

// Partial is what LoadPartial did.
type Partial struct {
	Metadata   map[string]string // the file's
	Loaded     []Name            // what the model has from the file
	Missing    []string          // paths of the model that the file lacks, left as they were
	Unexpected []Name            // tensors of the file that the model lacks
	Counters   int               // counts of batches of PyTorch's batch norm, which have no use here and are in neither list
}

// LoadPartial is Load for files that hold less or more than m: a backbone for a network with another classifier, one
// network of a whole run. What both name must have the same shape, and both must name something.
func LoadPartial(path string, m nn.Visitable, renames ...Rename) (Partial, error) {
	f, err := Open(path)
	if err != nil {
		return Partial{}, err
	}
	defer f.Close()
	return f.LoadPartial(m, renames...)
}

// Load is the function Load for a file that is open already.
func (f *File) Load(m nn.Visitable, renames ...Rename) error {
	match, err := f.match(m, renames)
	if err != nil {
		return err
	}
	if err := match.strict(); err != nil {
		return f.errorf("%w", err)
	}
	return f.apply(match)
}

// LoadPartial is the function LoadPartial for a file that is open already.
func (f *File) LoadPartial(m nn.Visitable, renames ...Rename) (Partial, error) {
	match, err := f.match(m, renames)
	if err != nil {
		return Partial{}, err
	}
	if err := match.partial(); err != nil {
		return Partial{}, f.errorf("%w", err)
	}
	if err := f.apply(match); err != nil {
		return Partial{}, err
	}
	p := Partial{Metadata: f.Metadata, Counters: match.counters}
	for _, c := range match.both {
		p.Loaded = append(p.Loaded, c.from.name)
	}
	for _, e := range match.missing {
		p.Missing = append(p.Missing, e.Path)
	}
	for _, t := range match.unexpected {
		p.Unexpected = append(p.Unexpected, t.name)
	}
	return p, nil
}
