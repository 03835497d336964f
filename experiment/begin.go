package experiment

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/pretrained"
)

// initFile is the file of Init.
func (s Settings) initFile() string {
	if info, err := os.Stat(s.Init); err == nil && info.IsDir() {
		return filepath.Join(s.Init, ModelFile)
	}
	return s.Init
}

// begin puts the weights of Init into the backbone of a network, and returns what to say of it: in manifests, by the file's
// content, and to who trains.
func (s Settings) begin(n *hybrid.Network) (note, told string, err error) {
	path := s.initFile()
	report, err := pretrained.Load(path, n.Backbone, pretrained.Settings{WithoutHead: true})
	if err != nil {
		return "", "", fmt.Errorf("experiment: init: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", "", fmt.Errorf("experiment: init: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", "", fmt.Errorf("experiment: init: %w", err)
	}
	note = fmt.Sprintf("begins with the backbone of %s, %x: %d tensors, %d left in the file", filepath.Base(path), h.Sum(nil)[:8], len(report.Loaded), len(report.Left))
	return note, "weights of " + path + ": " + report.String(), nil
}

// alsoTold adds what a run tells to what others did, unless it is the same: their backbones may differ in their last blocks.
func alsoTold(all []string, r *Run) []string {
	if r.Told == "" || slices.Contains(all, r.Told) {
		return all
	}
	return append(all, r.Told)
}

// initNormalize is how the network whose weights Init has saw pixels: what its model file says, or for weights of other programs
// ImageNet's means. A model file that is damaged is an error.
func (s Settings) initNormalize() (n augment.Normalize, why string, err error) {
	f, err := pretrained.Open(s.initFile())
	if err != nil {
		return n, "", fmt.Errorf("experiment: init: %w", err)
	}
	f.Close()
	net, _, err := hybrid.Open(s.initFile())
	switch {
	case err == nil:
		return net.Normalize(), "pixels normalized as for the network of " + s.Init, nil
	case f.Metadata == nil || errors.Is(err, hybrid.ErrWeightsAlone): // PyTorch's files have no metadata
		return augment.ImageNetNormalize(), "pixels normalized by ImageNet's means and deviations, as weights of other programs expect them", nil
	}
	return n, "", fmt.Errorf("experiment: init: %w", err)
}
