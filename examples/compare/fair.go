package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/manifest"
)

// fixed are the fields of manifests that runs of one table have in common: data, backbone and budget.
var fixed = []string{"data", "network.backbone", "network.width", "network.input", "training.images_seen"}

// inTable are the fields that the table shows anyway.
var inTable = []string{"training.images_seen"}

// comparable reports runs that one table would compare unfairly: of one seed, but different in a fixed field that is not
// shown, or, once all are done, of different seeds.
func comparable(runs []result, show []string, done bool) error {
	first, seeds := map[uint64]result{}, map[string][]uint64{}
	for _, r := range runs {
		if slices.Contains(seeds[r.Method], r.Seed) {
			return fmt.Errorf("%s is there twice with seed %d: leave one out", r.Method, r.Seed)
		}
		seeds[r.Method] = append(seeds[r.Method], r.Seed)
		a, ok := first[r.Seed]
		if !ok {
			first[r.Seed] = r
			continue
		}
		for _, d := range manifest.Diff(a.Manifest, r.Manifest) {
			if matches(d.Field, fixed) && !matches(d.Field, show) {
				return fmt.Errorf("%s and %s with seed %d differ in %v: make them alike, or show the difference as a column: -show %s",
					a.Method, r.Method, r.Seed, d, d.Field)
			}
		}
	}
	if !done || matches("training.seed", show) {
		return nil
	}
	for _, r := range runs {
		if a, b := sorted(seeds[runs[0].Method]), sorted(seeds[r.Method]); !slices.Equal(a, b) {
			return fmt.Errorf("%s has the seeds %v, %s %v: run the same, or show them as a column: -show training.seed",
				runs[0].Method, a, r.Method, b)
		}
	}
	return nil
}

// matches tells whether a field is one of those listed or part of one.
func matches(field string, list []string) bool {
	for _, f := range list {
		if field == f || strings.HasPrefix(field, f+".") || strings.HasPrefix(field, f+"[") {
			return true
		}
	}
	return false
}

func sorted(seeds []uint64) []uint64 {
	s := slices.Clone(seeds)
	slices.Sort(s)
	return s
}

// checkShow refuses fields that manifests do not have.
func checkShow(fields []string) error {
	for _, f := range fields {
		if _, ok := value(manifest.Manifest{}, f); !ok {
			return fmt.Errorf("-show %q is no field of a manifest, as training.images_seen or network.backbone is", f)
		}
	}
	return nil
}

// value returns a field of a manifest by its path, as JSON.
func value(m manifest.Manifest, path string) (string, bool) {
	text, _ := json.Marshal(m) // a manifest always has a JSON form
	for _, name := range strings.Split(path, ".") {
		var fields map[string]json.RawMessage
		if json.Unmarshal(text, &fields) != nil || fields[name] == nil {
			return "", false
		}
		text = fields[name]
	}
	return strings.Trim(string(text), `"`), true
}
