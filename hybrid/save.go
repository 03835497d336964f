package hybrid

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// Names in a model file's metadata.
const (
	descriptionKey = "longtail"
	sumKey         = "longtail.sha256"      // of the description and the values of the network's tensors
	whyNotKey      = "longtail.undescribed" // why there is no description
)

// Save writes n with all that Open needs to build it again and to predict: a safetensors file, which other programs read
// as weights. A file of that name is replaced in one step, and only by a whole one.
//
// The backbone must be one of this library, or an nn.Describer. So must the heads, which may also be an nn.Sequential of
// layers of this library and of nn.Func of ReLU, Sigmoid, Tanh or L2Normalize. What is frozen is not saved. Values that are not
// finite are an error.
func Save(path string, n *Network, about About) error { return SaveWith(path, n, nil, about) }

// SaveWith is Save with the values of w, such as train.Result.EMA, in place of the network's own.
func SaveWith(path string, n *Network, w *autograd.Weights, about About) error {
	err := checkFinite(n.With(w))
	if err != nil {
		return fmt.Errorf("hybrid: saving %s: %w: no network can predict with it; safetensors.Save writes what values there are", path, err)
	}
	metadata, err := Metadata(n, w, about)
	if err == nil {
		err = checkRebuilt(n, []byte(metadata[descriptionKey]))
	}
	if err == nil {
		err = safetensors.Save(path, n.With(w), metadata)
	}
	if err != nil {
		return fmt.Errorf("hybrid: saving %s: %w", path, err)
	}
	return nil
}

// Metadata is what makes a safetensors file of the network, with the values of w if it is not nil, a model file that Open
// understands. The file may hold tensors under "losses." besides. If the network cannot be described, metadata is what
// makes Open say so.
func Metadata(n *Network, w *autograd.Weights, about About) (metadata map[string]string, err error) {
	d, err := describe(n, about)
	if err != nil {
		return map[string]string{whyNotKey: err.Error()}, fmt.Errorf("hybrid: %w", err)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("hybrid: %w", err)
	}
	h := sha256.New()
	h.Write(text)
	if err := safetensors.WriteValues(h, n.With(w)); err != nil {
		return nil, fmt.Errorf("hybrid: %w", err)
	}
	return map[string]string{descriptionKey: string(text), sumKey: hex.EncodeToString(h.Sum(nil)), "format": "pt"}, nil
}

// checkRebuilt compares n with what its description builds, as far as this library can build it.
func checkRebuilt(n *Network, text []byte) error {
	d, err := parse(text)
	if err != nil {
		return err
	}
	left := math.Inf(1)
	m, err := d.network(builder{left: &left})
	if errors.As(err, new(unknownPart)) {
		return nil
	}
	if err != nil {
		return err
	}
	was, is := nn.Entries(n), nn.Entries(m)
	for i, e := range was {
		if i >= len(is) || is[i].Path != e.Path || e.Tensor() != nil && !is[i].Tensor().Shape().Equal(e.Tensor().Shape()) {
			return fmt.Errorf("%s is not what %s builds: a layer was changed after it was made: save weights alone with safetensors.Save", e.Path, text)
		}
	}
	if len(is) > len(was) {
		return fmt.Errorf("%s, which %s builds, is missing: save weights alone with safetensors.Save", is[len(was)].Path, text)
	}
	return nil
}
