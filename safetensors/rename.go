package safetensors

import "strings"

// Rename returns what the model calls the tensor that a file calls name. Several are applied one after the other; a nil
// one leaves names as they are. Two tensors that get one name are an error.
type Rename func(name string) string

// ReplacePrefix puts to in place of from where a name begins with from; other names stay. An empty to takes the prefix
// away, as of the "module." that PyTorch's DataParallel adds, and an empty from puts to before every name.
func ReplacePrefix(from, to string) Rename {
	return func(name string) string {
		if rest, ok := strings.CutPrefix(name, from); ok {
			return to + rest
		}
		return name
	}
}

// Name is what a tensor is called in a file, and by the model, after all of Rename.
type Name struct{ File, Model string }

// String returns both names, as in "module.fc.bias as fc.bias", or the one that they have in common.
func (n Name) String() string {
	if n.File == n.Model {
		return n.File
	}
	return n.File + " as " + n.Model
}

// source is a tensor of the file under the name that the model may know.
type source struct {
	Tensor
	name Name
}

// sources returns all tensors in the order of the file, renamed.
func (f *File) sources(renames []Rename) ([]source, error) {
	all := make([]source, len(f.Tensors))
	of := make(map[string]string, len(all)) // the file's name by the model's
	for i, t := range f.Tensors {
		to := t.Name
		for _, rename := range renames {
			if rename != nil {
				to = rename(to)
			}
		}
		if other, taken := of[to]; taken {
			return nil, f.errorf("tensors %q and %q would both be %q in the model: rename one of them otherwise", other, t.Name, to)
		}
		of[to] = t.Name
		all[i] = source{t, Name{t.Name, to}}
	}
	return all, nil
}
