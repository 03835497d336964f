package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/method"
)

// list splits at commas; nil for "".
func list(text string) []string {
	if text == "" {
		return nil
	}
	all := strings.Split(text, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// names returns the names of methods, each once.
func names(text string) (all []string, err error) {
	if text == "all" {
		for _, m := range method.All() {
			all = append(all, m.Name)
		}
		return all, nil
	}
	if text == "none" {
		return nil, nil
	}
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		if _, err := method.ByName(name); err != nil {
			return nil, fmt.Errorf("-methods: %w", err)
		}
		if slices.Contains(all, name) {
			return nil, fmt.Errorf("-methods has %s twice", name)
		}
		all = append(all, name)
	}
	return all, nil
}

// checkJoin refuses flags that a table of earlier runs does not heed.
func (s settings) checkJoin(set map[string]bool) error {
	var idle []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !slices.Contains([]string{"methods", "with", "show", "json", "floor"}, name) {
			idle = append(idle, "-"+name)
		}
	}
	if idle != nil {
		return fmt.Errorf("-methods none trains nothing, so that %s would mean nothing: only -with, -show, -json and -floor go with it",
			strings.Join(idle, ", "))
	}
	if s.With == nil {
		return fmt.Errorf("-methods none makes a table of earlier runs: name their files by -with")
	}
	return checkShow(s.Show)
}

// check refuses settings before the data are read. set has the flags that were given.
func (s settings) check(set map[string]bool) error {
	if s.Quick == (s.Data != "") {
		return fmt.Errorf("give either -data, the folder of CIFAR-10 or CIFAR-100 (binary version) or of train and test class folders, or -quick")
	}
	for _, f := range []struct {
		name, value string
		choices     []string
	}{
		{"equal", s.Equal, []string{"images", "epochs"}}, {"views", s.Views, []string{"plain", "paper"}},
		{"recipe", s.Recipe, []string{"common", "paper"}}, {"groups", s.Groups, []string{"counts", "rank"}},
		{"profile", s.Profile, []string{"exp", "step", "natural"}}, {"select", s.Select, []string{"shuffle", "first"}},
	} {
		if !slices.Contains(f.choices, f.value) {
			return fmt.Errorf("-%s %q is not one of %s", f.name, f.value, strings.Join(f.choices, ", "))
		}
	}
	if s.Profile == "natural" && (set["imbalance"] || set["select"]) {
		return fmt.Errorf("-imbalance and -select have no meaning with -profile natural")
	}
	if s.Epochs < 1 || s.Batch < 1 || s.Size < 8 || s.Embedding < 2 || !(s.LR > 0) || !(s.Decay >= 0) || !(s.Clip >= 0) || s.Warmup < 0 || s.Warmup > 100 {
		return fmt.Errorf("-epochs %d and -batch %d must be at least 1, -size %d 8, -embedding %d 2, -lr %v above 0, -decay %v and -clip %v not negative, -warmup %d from 0 to 100",
			s.Epochs, s.Batch, s.Size, s.Embedding, s.LR, s.Decay, s.Clip, s.Warmup)
	}
	if _, err := s.cuts(); err != nil {
		return err
	}
	if !(s.Holdout >= 0 && s.Holdout < 1) || (s.Holdout == 0 && slices.Contains(s.Methods, "tau-norm")) {
		return fmt.Errorf("-holdout %v must be below 1, and above 0 for tau-norm, which chooses its exponent by what is held out", s.Holdout)
	}
	if s.Views == "paper" && s.Size != 32 {
		return fmt.Errorf("-views paper is for images of 32 pixels, not of %d", s.Size)
	}
	if err := s.checkMethods(set); err != nil {
		return err
	}
	return checkShow(s.Show)
}

// checkMethods refuses methods that budget or recipe does not fit.
func (s settings) checkMethods(set map[string]bool) error {
	var without []string
	for _, name := range s.Methods {
		m, err := method.ByName(name)
		if err != nil {
			return err
		}
		if s.Equal == "images" && s.Recipe == "common" && (s.Epochs%m.Images != 0 || s.Batch%m.Images != 0) {
			return fmt.Errorf("-epochs %d and -batch %d must be multiples of %d, the images a sample of %s, or use -equal epochs",
				s.Epochs, s.Batch, m.Images, name)
		}
		if m.Recipe == nil {
			without = append(without, name)
		}
	}
	if s.Recipe == "common" {
		return nil
	}
	for _, name := range []string{"batch", "cuts", "decay", "lr", "warmup"} {
		if set[name] {
			return fmt.Errorf("-%s has no meaning with -recipe paper, by which each method has its own", name)
		}
	}
	if s.Equal != "epochs" {
		return fmt.Errorf("-recipe paper trains every method for -epochs epochs: add -equal epochs")
	}
	if without != nil {
		return fmt.Errorf("-recipe paper: no recipe for %s: leave out of -methods what has none, or use -recipe common", strings.Join(without, ", "))
	}
	return nil
}

// cuts returns the parts of the epochs after which the learning rate is cut.
func (s settings) cuts() (parts []float64, err error) {
	if s.Cuts == "none" {
		return nil, nil
	}
	for _, text := range strings.Split(s.Cuts, ",") {
		percent, err := strconv.ParseFloat(text, 64)
		if err != nil || !(percent > 0 && percent < 100) || (parts != nil && percent/100 <= parts[len(parts)-1]) {
			return nil, fmt.Errorf("-cuts %q: %q is not a percentage above 0, below 100 and above the one before", s.Cuts, text)
		}
		parts = append(parts, percent/100)
	}
	return parts, nil
}
