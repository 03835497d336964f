package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
)

// mayDiffer lists the fields of Trainer that do not change the weights that come out.
var mayDiffer = []string{"EvalBatch", "Workers", "Checkpoints", "Observers", "OnStep", "OnEpoch", "OnWarning", "WarnAfter"}

// settings describes all that the bits of a run depend on: Run.Settings of a checkpoint.
func (r *run) settings() (json.RawMessage, error) {
	d := describer{epochs: r.Epochs, within: map[uintptr]bool{}}
	known := r.Trainer
	known.Validation = nil // by its labels, as the other sets
	trainer := d.fields(reflect.ValueOf(known))
	for _, name := range mayDiffer {
		delete(trainer, name)
	}
	n := r.network
	in := n.Input()
	black, white, err := extremes(n)
	if err != nil {
		return nil, err
	}
	all := map[string]any{
		"Trainer": trainer,
		"Network": map[string]any{
			"input": []int{in.Width, in.Height, in.Channels}, "black": black, "white": white,
			"classes": n.Classes(), "separate passes": n.SeparatePasses(), "frozen": set(frozen(trainable{n, r.Streams})), "tensors": shapes(n),
			"Backbone": d.value(reflect.ValueOf(&n.Backbone).Elem()), "Projection": d.value(reflect.ValueOf(&n.Projection).Elem()),
			"Classifier": d.value(reflect.ValueOf(&n.Classifier).Elem()),
		},
		"training data": labels(r.train), "test data": labels(r.test), "validation data": labels(r.Validation),
		"processor": runtime.GOARCH + " " + kernels.Level(),
	}
	return json.Marshal(all)
}

// extremes returns what a black and a white pixel become.
func extremes(n *hybrid.Network) (black, white []float32, err error) {
	table, err := n.Normalize().Table()
	if err != nil {
		return nil, nil, err
	}
	channels := table.Channels()
	black, white = make([]float32, channels), make([]float32, channels)
	pixel := dataset.Image{Width: 1, Height: 1, Channels: channels, Pix: make([]uint8, channels)}
	if err := table.Write(black, &pixel); err != nil {
		return nil, nil, err
	}
	for i := range pixel.Pix {
		pixel.Pix[i] = 255
	}
	return black, white, table.Write(white, &pixel)
}

// frozen lists the paths of the parameters and statistics that training leaves as they are.
func frozen(m nn.Visitable) []string {
	paths := []string{}
	for _, e := range nn.Entries(m) {
		if e.Frozen() {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

// set is a list of which a difference names an element, not the whole of both.
func set(list []string) map[string]bool {
	all := map[string]bool{}
	for _, v := range list {
		all[v] = true
	}
	return all
}

func shapes(m nn.Visitable) map[string]string {
	all := map[string]string{}
	for _, e := range nn.Entries(m) {
		if x := e.Tensor(); x != nil {
			all[e.Path] = x.Shape().String()
		}
	}
	return all
}

// labels identifies a data set by its labels in order; nil is no data set.
func labels(d dataset.Dataset) any {
	if d == nil {
		return nil
	}
	h := sha256.New()
	for i := range d.Len() {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(d.Label(i))))
	}
	return map[string]any{"images": d.Len(), "classes": d.Classes(), "labels": fmt.Sprintf("%x", h.Sum(nil)[:8])}
}

// compare returns an error that names the first difference of two JSON texts; an empty one is null.
func compare(name string, saved, now json.RawMessage) error {
	var values [2]any
	for i, text := range []json.RawMessage{saved, now} {
		if len(text) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&values[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	path, a, b, same := difference(name, values[0], values[1])
	if same {
		return nil
	}
	return fmt.Errorf("%s was %s, now it is %s: set it as it was, or begin a run in another directory", path, short(a), short(b))
}

func difference(path string, a, b any) (where string, left, right any, same bool) {
	a, b = like(a, b), like(b, a)
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			keys := maps.Clone(x)
			maps.Copy(keys, y)
			// Where the type differs, so do the fields: it says more than the first of them.
			for _, k := range append([]string{"type"}, slices.Sorted(maps.Keys(keys))...) {
				inner := k
				if path != "" {
					inner = path + "." + k
				}
				if where, left, right, same = difference(inner, x[k], y[k]); !same {
					return where, left, right, false
				}
			}
			return "", nil, nil, true
		}
	case []any:
		if y, ok := b.([]any); ok && len(x) == len(y) {
			for i := range x {
				if where, left, right, same = difference(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); !same {
					return where, left, right, false
				}
			}
			return "", nil, nil, true
		}
	}
	return path, a, b, reflect.DeepEqual(a, b)
}

// like returns v as it is said today, so that runs of earlier versions go on: a setting that there was not yet has its zero
// value, the CIFAR ResNet had the name of the one for photographs, and what is frozen was an empty list.
func like(v, other any) any {
	if v == nil && (other == json.Number("0") || other == false || other == "") || v == "*backbone.ResNet" && other == "*backbone.CIFARResNet" {
		return other
	}
	if list, ok := v.([]any); ok && len(list) == 0 {
		if _, ok := other.(map[string]any); ok {
			return map[string]any{}
		}
	}
	return v
}

// short is a value as JSON, cut where it is long.
func short(v any) string {
	text, _ := json.Marshal(v) // it was JSON before
	if r := []rune(string(text)); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return string(text)
}
