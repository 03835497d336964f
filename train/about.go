package train

import (
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
)

// about is what checkpoints tell of the network.
func (r *run) about() (hybrid.About, error) {
	a := hybrid.AboutOf(r.train)
	if r.saver.manifest == nil {
		return a, nil
	}
	if m, ok := r.manifestOf(); ok {
		a.Method = m.Training.Method
	}
	sum, err := checkpoint.SumManifest(r.saver.manifest)
	a.Manifest = sum
	return a, err
}

// manifestOf returns Checkpoints.Manifest if it is a manifest.Manifest.
func (r *run) manifestOf() (manifest.Manifest, bool) {
	switch m := r.Checkpoints.Manifest.(type) {
	case manifest.Manifest:
		return m, true
	case *manifest.Manifest:
		if m != nil {
			return *m, true
		}
	}
	return manifest.Manifest{}, false
}
