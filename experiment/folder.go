package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/manifest"
)

// Names in the folder of a run.
const (
	checkpoints  = "checkpoints"
	manifestFile = "manifest.json"
	SettingsFile = "settings.json" // its kind, and what the caller said of the run, comparison or sweep
	ReportFile   = "report.json"
	ModelFile    = "model.safetensors"
	averageFile  = "ema.safetensors"
)

// Exists tells whether a folder has a run, begun or finished.
func Exists(dir string) bool {
	for _, name := range []string{manifestFile, ReportFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// ErrExists is in the error of a run whose folder has one already, and that is not to go on.
var ErrExists = errors.New("has a run already")

// begin makes the folder of the run, or finds out that it goes on with what is there. done is the report of a run that is
// finished.
func (r *Run) begin() (done *Report, err error) {
	if done, err := r.look(); done != nil || err != nil || r.Dir == "" {
		return done, err
	}
	if err := os.MkdirAll(filepath.Join(r.Dir, checkpoints), 0o777); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	r.keepBegun()
	if r.Settings != nil {
		if err := Begin(r.Dir, KindRun, r.Settings); err != nil {
			return nil, err
		}
	}
	was, err := readManifest(r.Dir)
	if err != nil || was != nil && len(manifest.Changes(*was, r.planned())) == 0 {
		return nil, err // which says what build began the run
	}
	now := r.planned()
	if was != nil {
		now.NotBitForBit = was.NotBitForBit
	}
	return nil, writeManifest(r.Dir, now)
}

// look finds out what the folder has: another run is an error that says what differs. It changes nothing.
func (r *Run) look() (done *Report, err error) {
	if r.Choose && (r.Held == nil || !r.Watch) {
		return nil, errors.New("experiment: the best epoch is chosen by held-out images: Run.Choose needs Held and Watch")
	}
	if r.HeldOnly && r.Held == nil {
		return nil, errors.New("experiment: Run.HeldOnly judges by held-out images: it needs Held")
	}
	if r.Dir == "" {
		return nil, nil
	}
	if err := checkKind(r.Dir, KindRun); err != nil {
		return nil, err
	}
	saved, err := checkpoint.Store{Dir: filepath.Join(r.Dir, checkpoints)}.List()
	if err != nil {
		return nil, err
	}
	if !r.Resume && (len(saved) > 0 || Exists(r.Dir)) {
		return nil, fmt.Errorf("experiment: %s %w: resume it, or choose another folder", r.Dir, ErrExists)
	}
	was, err := readManifest(r.Dir)
	if err != nil || was == nil {
		return nil, err
	}
	_, refused, would := r.Override.Split(manifest.Changes(*was, r.planned()))
	if len(refused) > 0 {
		lines := []string{fmt.Sprintf("experiment: %s has another run: choose another folder, or finish it by the settings and the build that began it. "+
			"What it was, and what it is now:", r.Dir)}
		for _, d := range refused {
			lines = append(lines, d.String())
		}
		err := errors.New(strings.Join(lines, "\n  "))
		if would != nil {
			return nil, fmt.Errorf("%w\n%w", err, would)
		}
		return nil, r.byAnother(err)
	}
	return r.finished()
}

// keepBegun remembers what the folder says of its run, for a training that does not take it on.
func (r *Run) keepBegun() {
	r.begun = map[string][]byte{}
	for _, name := range []string{SettingsFile, manifestFile} {
		if text, err := smallfile.Read(filepath.Join(r.Dir, name), mostBytes); err == nil {
			r.begun[name] = text
		}
	}
}

// putBack makes the folder say what it said before.
func (r *Run) putBack() error {
	if r.begun[manifestFile] == nil { // there was no run
		return nil
	}
	for name, text := range r.begun {
		err := atomicfile.Write(filepath.Join(r.Dir, name), func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err != nil {
			return fmt.Errorf("experiment: %w", err)
		}
	}
	return nil
}

// lost is an error if the run was begun and has no checkpoint to go on from.
func (r *Run) lost() error {
	dir := filepath.Join(r.Dir, checkpoints)
	saved, err := checkpoint.Store{Dir: dir}.List()
	if r.Dir == "" || err != nil || len(saved) > 0 || !Exists(r.Dir) {
		return nil
	}
	if taught, _ := r.taughtBefore(); r.Teacher != nil && taught == nil {
		return nil // it was not begun yet
	}
	return fmt.Errorf("%s has no checkpoint, though there is a %s", dir, manifestFile)
}

// finished returns the report of a run that ended, nil if it did not, or is to go further than it went.
func (r *Run) finished() (*Report, error) {
	report, err := readReport(filepath.Join(r.Dir, ReportFile))
	if errors.Is(err, fs.ErrNotExist) || err == nil && report.Error != "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(r.Dir, ModelFile)); err != nil { // of a run before there was one
		return nil, nil
	}
	if manifest.Further(report.Manifest, r.planned()) {
		return nil, nil
	}
	return report, nil
}

// saveModel keeps the final network, and its average weights, nil for none.
func (r *Run) saveModel(average *autograd.Weights) error {
	if r.Dir == "" {
		return nil
	}
	text, err := json.Marshal(r.planned())
	if err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	about := hybrid.AboutOf(r.Train)
	about.Method = r.Method
	if about.Manifest, err = checkpoint.SumManifest(text); err != nil {
		return err
	}
	if average != nil {
		if err := hybrid.SaveWith(filepath.Join(r.Dir, averageFile), r.Network, average, about); err != nil {
			return err
		}
	}
	return hybrid.Save(filepath.Join(r.Dir, ModelFile), r.Network, about)
}

// write puts the report, and the manifest with what was seen, into the folder.
func (r *Run) write(report *Report) error {
	if r.Dir == "" {
		return nil
	}
	if err := writeManifest(r.Dir, report.Manifest); err != nil {
		return err
	}
	return writeJSON(filepath.Join(r.Dir, ReportFile), report)
}
