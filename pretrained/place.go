package pretrained

import (
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/safetensors"
)

// place is where the backbone lies: its names begin with prefix in the file, and with part in the network.
type place struct{ prefix, part string }

// findPlace returns the place under which most tensors of file and network have one name and shape.
func (s Settings) findPlace(f *safetensors.File, t *target) (place, error) {
	if s.Prefix != "" {
		s.Prefix = strings.TrimSuffix(s.Prefix, ".") + "."
	}
	votes := map[place]int{}
	most := 0
	for _, x := range f.Tensors {
		for _, cut := range cuts(x.Name) {
			prefix, rest := x.Name[:cut], x.Name[cut:]
			if s.Prefix != "" && prefix != s.Prefix {
				continue
			}
			for _, part := range t.parts {
				if shape, ok := t.shapes[part+s.rename(rest)]; ok && shape.Equal(x.Shape) {
					p := place{prefix, part}
					votes[p]++
					most = max(most, votes[p])
				}
			}
		}
	}
	if 4*most < len(t.entries) { // some blocks are alike in any two networks
		return place{}, s.noPlace(f, t)
	}
	var best []place
	for p, n := range votes {
		if p = p.shortest(); n == most && !slices.Contains(best, p) {
			best = append(best, p)
		}
	}
	best = slices.DeleteFunc(best, func(p place) bool {
		q := strings.Replace(p.prefix, "encoder_k.", "encoder_q.", 1)
		return q != p.prefix && slices.Contains(best, place{q, p.part})
	})
	if len(best) > 1 {
		var names []string
		for _, p := range best {
			names = append(names, fmt.Sprintf("%q", p.prefix))
		}
		slices.Sort(names)
		return place{}, fmt.Errorf("the file has the network's names several times, behind %s: choose by Settings.Prefix", strings.Join(slices.Compact(names), ", "))
	}
	return best[0], nil
}

// cuts are the places where a name may be cut: its begin, and behind each dot.
func cuts(name string) []int {
	all := []int{0}
	for i, c := range []byte(name) {
		if c == '.' {
			all = append(all, i+1)
		}
	}
	return all
}

func (s Settings) rename(name string) string {
	for _, r := range s.Rename {
		if r != nil {
			name = r(name)
		}
	}
	return name
}

// shortest takes away what prefix and part end in together: "backbone." in both is nothing in both.
func (p place) shortest() place {
	for p.part != "" && strings.HasSuffix("."+p.prefix, "."+p.part) {
		p.prefix, p.part = strings.TrimSuffix(p.prefix, p.part), ""
	}
	return p
}

// noPlace is the error of a file in which next to nothing of the network is found.
func (s Settings) noPlace(f *safetensors.File, t *target) error {
	if len(f.Tensors) == 0 {
		return fmt.Errorf("the file holds no tensors")
	}
	behind := ""
	if s.Prefix != "" {
		behind = fmt.Sprintf(" behind %q", s.Prefix)
	}
	x, e := f.Tensors[0], t.entries[0]
	return fmt.Errorf("too few tensors%s have the name and shape of one of the network: the file begins with %s %v, the network with %s %v: build the "+
		"network that the file is of, or set Settings.Prefix and Rename", behind, x.Name, x.Shape, e.Path, t.shapes[e.Path])
}
