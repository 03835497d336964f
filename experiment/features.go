package experiment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
)

// OpenFeatures opens features that another model made, in place of images: a folder as features.OpenSplit takes it, or a file as
// features.Open does, which is a training set alone. Where there are none, the error wraps features.ErrNone.
func OpenFeatures(path string) (dataset.Split, error) {
	if !isFeatures(path) {
		return features.OpenSplit(path)
	}
	set, err := features.Open(path, features.Settings{})
	if err != nil {
		return dataset.Split{}, err
	}
	return dataset.Split{Train: set}, nil
}

func isFeatures(path string) bool {
	return slices.Contains([]string{".npy", ".safetensors"}, strings.ToLower(filepath.Ext(path)))
}

// featured is a data set of features.
type featured struct {
	dataset.Split
	testSum   string // of a test set that was split off
	normalize augment.Normalize
	derived   []string
}

// features opens features; nil if there are none.
func (s Settings) features(ctx context.Context) (*featured, error) {
	all, err := OpenFeatures(s.Data)
	if errors.Is(err, features.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if s.Size != 0 || s.Crop != "" || s.Views != "plain" {
		return nil, fmt.Errorf("experiment: %s has features: a size, crops and views of images have no meaning", s.Data)
	}
	if s.Init != "" {
		return nil, fmt.Errorf("experiment: %s has features: init is for networks of images", s.Data)
	}
	width := dataset.WidthOf(all.Train)
	f := &featured{Split: all, derived: []string{fmt.Sprintf("features of width %d in place of images", width)}}
	if f.Test == nil {
		if f.Train, f.Test, err = dataset.Holdout(f.Train, dataset.HoldoutSettings{Fraction: testFraction, Min: 1}); err != nil {
			return nil, err
		}
		f.derived = append(f.derived, fmt.Sprintf("no test set: %d samples, a fifth of each class, are it", f.Test.Len()))
		if f.testSum, err = sumOf(f.Test); err != nil {
			return nil, err
		}
	}
	f.derived = append(f.derived, fmt.Sprintf("features normalized by mean and deviation of each of their %d values in the training set", width))
	f.normalize, err = augment.NormalizeOf(ctx, f.Train)
	return f, err
}

// withBackbone fills in what the kind of data has a say in.
func (s Settings) withBackbone(width int) (Settings, error) {
	usual := map[string][2]int{"cifar": {32, 16}, "resnet": {18, 64}}
	if width > 0 {
		usual = map[string][2]int{"mlp": {1, 512}, "linear": {0, width}}
	}
	if s.Backbone == "" {
		s.Backbone = map[bool]string{false: "cifar", true: "mlp"}[width > 0]
	}
	size, ok := usual[s.Backbone]
	switch {
	case !ok && width > 0:
		return s, fmt.Errorf("experiment: backbone %s is for images, and the data are features of width %d: take mlp or linear", s.Backbone, width)
	case !ok:
		return s, fmt.Errorf("experiment: backbone %s is for features, and the data are images: take cifar or resnet", s.Backbone)
	case s.Backbone == "linear" && (s.Depth != 0 || s.Width != 0):
		return s, fmt.Errorf("experiment: a linear head has neither depth nor width: take backbone mlp, or leave them out")
	}
	for i, v := range []*int{&s.Depth, &s.Width} {
		if *v == 0 {
			*v = size[i]
		}
	}
	return s, nil
}

// mlp is a backbone for features.
func (s Settings) mlp(width int, seed uint64) (backbone.Backbone, error) {
	widths := []int{width}
	if s.Backbone == "mlp" {
		if s.Depth < 0 || s.Depth > 1000 {
			return nil, fmt.Errorf("experiment: depth %d: an MLP has at least one layer, and at most 1000 here", s.Depth)
		}
		widths = append(widths, slices.Repeat([]int{s.Width}, s.Depth)...)
	}
	return backbone.NewMLP(backbone.MLPSettings{Widths: widths, Seed: seed})
}
