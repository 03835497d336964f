package describe

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/nn"
)

// Network says what a network is. A backbone with a method String is told by it.
func Network(n *hybrid.Network) (manifest.Network, error) {
	in := n.Input()
	m := manifest.Network{Backbone: Value(n.Backbone, 0), Projection: Value(n.Projection, 0), Classifier: Value(n.Classifier, 0),
		Input: in.Batch(1)[1:], Frozen: Frozen(n), SeparatePasses: n.SeparatePasses()}
	layers := 0
	for _, e := range nn.Params(n.Backbone) {
		shape := e.Param.Value.Shape()
		if len(shape) < 2 {
			continue
		}
		if layers++; layers > 1 {
			continue
		}
		if m.Width = shape[0]; e.Layout == nn.HWIO {
			m.Width = shape[len(shape)-1]
		}
	}
	if s, ok := n.Backbone.(fmt.Stringer); ok {
		m.Backbone = s.String()
	} else {
		m.Backbone += fmt.Sprintf(", %d layers", layers)
	}
	if in.Features > 0 {
		m.Normalize = Value(n.Normalize(), 0)
	} else {
		black, white, err := extremes(n)
		if err != nil {
			return m, err
		}
		m.Normalize = fmt.Sprintf("black %v, white %v", black, white)
	}
	if r := n.Resize(); r.Shorter > 0 {
		m.Resize = fmt.Sprintf("shorter side %d, %s", r.Shorter, r.Filter)
	}
	size, err := n.Summary()
	m.Parameters, m.MultiplyAdds = size.Parameters, size.MultiplyAdds
	return m, err
}

// Streams says what a network is trained on, in a run of so many epochs.
func Streams(streams hybrid.Streams, epochs int) (all []manifest.Stream) {
	say := func(v any) string { return Value(v, epochs) }
	for _, s := range streams {
		stream := manifest.Stream{Name: s.Name, Sampler: say(s.Sampler), Mixer: say(s.Mixer)}
		if s.Partner != nil {
			stream.Partner = say(*s.Partner)
		}
		if s.Teacher != nil {
			stream.Teacher, stream.TeacherSHA256 = Teacher(s.Teacher), Sum(s.Teacher)
		}
		for _, view := range s.Transforms() {
			stream.Views = append(stream.Views, transforms(say, []string{}, view))
		}
		for _, term := range s.Terms {
			stream.Terms = append(stream.Terms, describeTerm(say, term, epochs))
		}
		all = append(all, stream)
	}
	return all
}

// Teacher says what network losses learn from.
func Teacher(n *hybrid.Network) string {
	values := 0
	for _, e := range nn.Params(n) {
		values += e.Param.Value.Len()
	}
	body := Value(n.Backbone, 0)
	if s, ok := n.Backbone.(fmt.Stringer); ok {
		body = s.String()
	}
	return fmt.Sprintf("%s, %d parameters", body, values)
}

// Sum is the SHA-256, in hex, of the values of a network's parameters and buffers in their order, as float32 with the lowest byte
// first.
func Sum(n *hybrid.Network) string {
	h := sha256.New()
	var raw []byte
	for _, x := range nn.Tensors(n) {
		raw = raw[:0]
		for _, v := range x.Data() {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// transforms appends the phrases of what t applies.
func transforms(say func(any) string, all []string, t augment.Transform) []string {
	if c, ok := t.(augment.Compose); ok {
		for _, t := range c {
			all = transforms(say, all, t)
		}
		return all
	}
	return append(all, say(t))
}

func describeTerm(say func(any) string, t hybrid.Term, epochs int) manifest.Term {
	m := manifest.Term{Name: t.Name, Weight: "1", Views: t.Views, KeyViews: t.KeyViews, Rho: t.Rho, Settings: map[string]string{}}
	if t.Weight != nil {
		m.Weight = say(t.Weight)
	}
	if t.Loss == nil {
		return m
	}
	m.Loss, m.Settings = Fields(t.Loss, epochs)
	return m
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

// Frozen lists the paths of the parameters and statistics that training leaves as they are.
func Frozen(m nn.Visitable) []string {
	paths := []string{}
	for _, e := range nn.Entries(m) {
		if e.Frozen() {
			paths = append(paths, e.Path)
		}
	}
	return paths
}
