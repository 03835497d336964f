package pretrained

import (
	"strings"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// Save writes the backbone and the classifier of a network to the safetensors file path under torchvision's names, or a
// backbone alone, which has them already. A projection head is left out. PyTorch reads the file by
//
//	model.load_state_dict(safetensors.torch.load_file(path))
//
// which finds all of torchvision's network if the classifier is one Linear of as many classes as the model's fc.
func Save(path string, m nn.Visitable) error {
	return safetensors.Save(path, Torchvision(m), map[string]string{"format": "pt"})
}

// Torchvision returns m under torchvision's names: without "backbone." before them, the classifier as fc, and a projection
// left out. A module without such parts keeps its names. It reads through to m.
func Torchvision(m nn.Visitable) nn.Visitable {
	t, err := newTarget(m)
	if err != nil || !t.backbone {
		return m
	}
	return nn.Rename(m, func(path string) string {
		if rest, ok := strings.CutPrefix(path, "backbone."); ok {
			return rest
		}
		if rest, ok := strings.CutPrefix(path, t.head+"."); ok && t.head != "" {
			return "fc." + rest
		}
		return ""
	})
}
