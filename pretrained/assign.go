package pretrained

import (
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// Fates of tensors that end in an error; any other text is why a tensor was left.
const (
	unlikeBackbone = "unlike"
	moreBackbone   = "more"
)

// assign returns the path of the network that x is for, and why it is not taken, "" if it is.
func (s Settings) assign(x safetensors.Tensor, p place, t *target) (path, fate string) {
	rest, ok := strings.CutPrefix(x.Name, p.prefix)
	if !ok {
		return "", outside
	}
	rest = s.rename(rest)
	path = p.part + rest
	inner := rest // behind the name of the backbone, which file and network may have in common
	if p.part == "" && t.backbone {
		inner = strings.TrimPrefix(rest, "backbone.")
	}
	isHead := s.isHead(inner) || firstName(path) == t.head
	shape, known := t.shapes[path]
	if _, name, ok := strings.Cut(inner, "."); isHead && !known && ok && t.head != "" { // under the network's name
		path = t.head + "." + name
		shape, known = t.shapes[path]
	}
	block := strings.TrimSuffix(p.part+rest, inner) + firstName(inner) + "."
	switch {
	case known && isHead && (s.WithoutHead || strings.Contains(p.prefix, "encoder_q.")):
		return path, "the head is not wanted"
	case known && shape.Equal(x.Shape):
		return path, ""
	case known && (isHead || !t.isBackbone(path, p)):
		return path, fmt.Sprintf("%v, the network's is %v", x.Shape, shape)
	case known:
		return path, unlikeBackbone
	case !isHead && slices.ContainsFunc(t.entries, func(e nn.Entry) bool {
		return t.isBackbone(e.Path, p) && strings.HasPrefix(e.Path, block)
	}):
		return path, moreBackbone
	}
	return path, "unknown to the network"
}

func (s Settings) isHead(rest string) bool {
	if s.Head != "" {
		return strings.HasPrefix(rest, s.Head+".")
	}
	return slices.Contains(heads, firstName(rest))
}
