package safetensors

import (
	"errors"
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/nn"
)

// match is which tensor of the file belongs to which entry of the model.
type match struct {
	both       []pair
	missing    []nn.Entry
	unexpected []source
	counters   int
	unlike     []string // both name it, but in different shapes
}

type pair struct {
	nn.Entry
	from source
}

func (f *File) match(m nn.Visitable, renames []Rename) (*match, error) {
	all, err := entries(m)
	if err != nil {
		return nil, f.errorf("%w", err)
	}
	sources, err := f.sources(renames)
	if err != nil {
		return nil, err
	}
	in := make(map[string]source, len(sources))
	for _, t := range sources {
		in[t.name.Model] = t
	}
	var r match
	for _, e := range all {
		t, ok := in[e.Path]
		delete(in, e.Path)
		switch {
		case !ok:
			r.missing = append(r.missing, e)
		case e.State != nil && (t.DType != "U8" || len(t.Shape) != 1):
			r.unlike = append(r.unlike, fmt.Sprintf("%s is %s %v in the file, bytes (U8) in the model", t.name, t.DType, t.Shape))
		case e.State == nil && !t.Shape.Equal(fileShape(e)):
			r.unlike = append(r.unlike, fmt.Sprintf("%s is %v in the file, %v in the model", t.name, t.Shape, fileShape(e)))
		default:
			r.both = append(r.both, pair{e, t})
		}
	}
	for _, t := range sources {
		switch _, left := in[t.name.Model]; {
		case left && isBatchCounter(t.Tensor):
			r.counters++
		case left:
			r.unexpected = append(r.unexpected, t)
		}
	}
	return &r, nil
}

// isBatchCounter reports whether t is PyTorch's count of the batches that a batch norm has seen, which has no use here.
func isBatchCounter(t Tensor) bool {
	return t.DType == "I64" && (t.Name == "num_batches_tracked" || strings.HasSuffix(t.Name, ".num_batches_tracked"))
}

// strict is the error of a file and a model that do not hold the same.
func (m *match) strict() error {
	var missing, unexpected []string
	for _, e := range m.missing {
		if e.State != nil {
			missing = append(missing, e.Path)
		} else {
			missing = append(missing, e.Path+" "+fileShape(e).String())
		}
	}
	for _, t := range m.unexpected {
		unexpected = append(unexpected, t.name.String()+" "+t.Shape.String())
	}
	var kinds []string
	for _, k := range []string{list("of another shape", m.unlike), list("missing from the file", missing),
		list("unknown to the model", unexpected)} {
		if k != "" {
			kinds = append(kinds, k)
		}
	}
	if kinds == nil {
		return nil
	}
	return fmt.Errorf("file and model do not fit: %s: build the model with the settings it was saved with, "+
		"or use LoadPartial for what both name", strings.Join(kinds, "; "))
}

// partial is the error of a file that cannot be loaded even in part.
func (m *match) partial() error {
	if len(m.unlike) > 0 {
		return fmt.Errorf("file and model do not fit: %s", list("of another shape", m.unlike))
	}
	if len(m.both) > 0 {
		return nil
	}
	if len(m.missing) == 0 || len(m.unexpected) == 0 {
		return errors.New("nothing to load: the file or the model holds no tensors")
	}
	return fmt.Errorf("the file names nothing of the model: it begins with %s, the model with %s: "+
		"load into the part of the model that was saved, or rename with ReplacePrefix", m.unexpected[0].name, m.missing[0].Path)
}

// list is as in "7 missing from the file (a [2 3], b [3], …)", empty if there are none.
func list(what string, items []string) string {
	if len(items) == 0 {
		return ""
	}
	const shown = 5
	text := strings.Join(items[:min(shown, len(items))], ", ")
	if len(items) > shown {
		text += ", …"
	}
	return fmt.Sprintf("%d %s (%s)", len(items), what, text)
}
