package train

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/manifest"
)

// sameRun compares the manifest of a checkpoint with that of this run. It returns the differences that Override allows.
func (r *run) sameRun(saved json.RawMessage) ([]manifest.Difference, error) {
	was, err := manifest.Decode(saved)
	if err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	r.saver.manifest.NotBitForBit = was.NotBitForBit
	now := r.saver.manifest
	all := manifest.Changes(was, now)
	if a, b := was.Build, now.Build; a.CPULevel != b.CPULevel || path.Base(a.Platform) != path.Base(b.Platform) {
		all = append(all, manifest.Difference{Field: manifest.Processor, A: path.Base(a.Platform) + " " + a.CPULevel, B: path.Base(b.Platform) + " " + b.CPULevel})
	}
	allowed, refused, would := r.Checkpoints.Override.Split(all)
	if refused == nil {
		return allowed, nil
	}
	const most = 5
	var list []string
	for i, d := range refused {
		if i == most {
			list = append(list, fmt.Sprintf("and %d more", len(refused)-most))
			break
		}
		list = append(list, fmt.Sprintf("%s was %s, now it is %s", d.Field, short(d.A), short(d.B)))
	}
	err = fmt.Errorf("it is another run: %s: set it as it was, or begin a run in another directory", strings.Join(list, "; "))
	if would != nil {
		err = fmt.Errorf("%w; Checkpoints.%w", err, would)
	}
	return nil, err
}

// short is a value, cut where it is long.
func short(v string) string {
	if r := []rune(v); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return cmp.Or(v, "none")
}

// depart notes differences with which the run goes on.
func (r *run) depart(from []manifest.Difference) error {
	if len(from) > 0 {
		r.countSteps()
		d := manifest.Departure{Step: r.number + r.at.Step}
		for _, change := range from {
			d.Changes = append(d.Changes, change.String())
		}
		r.saver.manifest.NotBitForBit = append(r.saver.manifest.NotBitForBit, d)
	}
	r.result.NotBitForBit = r.saver.manifest.NotBitForBit
	return r.saver.encode()
}

// encode prepares the manifest for being saved.
func (s *saver) encode() (err error) {
	if s.encoded, err = s.manifest.Encode(); err != nil {
		return fmt.Errorf("train: Trainer: %w", err)
	}
	s.about.Manifest, err = checkpoint.SumManifest(s.encoded)
	return err
}
