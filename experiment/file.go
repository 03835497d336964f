package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/manifest"
)

// File is a comparison as JSON.
type File struct {
	Settings any    `json:"settings,omitempty"` // of the runs that were not read from other files
	Unit     string `json:"unit"`
	Error    string `json:"error,omitempty"` // what stopped the comparison before its end
	Table    []Row  `json:"table"`
	Pairs    []Pair `json:"pairs,omitempty"` // differences between methods in points, see Table.AddPairs
	// NoInterval says of which runs there are none.
	NoInterval []string `json:"no_interval,omitempty"`
	Runs       []Report `json:"runs"`
}

// NewFile describes a comparison, the histories of its runs left out. stopped is what ended it early.
func NewFile(settings any, t Table, runs []Report, stopped error) File {
	f := File{Settings: settings, Unit: "percent", Table: t.Rows, Pairs: t.Pairs, NoInterval: t.NoInterval}
	for _, r := range runs {
		r.History = nil
		f.Runs = append(f.Runs, r)
	}
	if stopped != nil {
		f.Error = stopped.Error()
	}
	return f
}

// Write replaces the file path by the comparison.
func (f File) Write(path string) error { return writeJSON(path, f) }

// mostBytes is what a report or a manifest may have: thousands of runs of thousands of classes have less.
const mostBytes = 1 << 28

// Read returns the finished runs of a path: a file that File.Write or a Run wrote, the folder of a run, or a folder of such
// folders.
func Read(path string) ([]Report, error) {
	if isDir(path) {
		return readFolder(path)
	}
	text, err := smallfile.Read(path, mostBytes)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var f struct {
		Runs []Report `json:"runs"`
		Report
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("experiment: %s: %w", path, err)
	}
	if f.Method != "" && f.Report.Error == "" {
		f.Runs = []Report{f.Report}
	}
	if len(f.Runs) == 0 {
		return nil, fmt.Errorf("experiment: %s has no finished runs: it must be what a run or a comparison wrote", path)
	}
	for i, r := range f.Runs {
		if r.Manifest.Version != manifest.Version || r.Method == "" || r.Top1 == nil {
			return nil, fmt.Errorf("experiment: %s: runs[%d] lacks its method, its accuracy on a test set or a manifest of version %d: it must be what "+
				"a run or a comparison wrote", path, i, manifest.Version)
		}
		f.Runs[i].from = path
	}
	return f.Runs, nil
}

func readFolder(dir string) (all []Report, err error) {
	paths, err := filepath.Glob(filepath.Join(quote(dir), ReportFile))
	if err != nil {
		return nil, fmt.Errorf("experiment: %s: %w", dir, err)
	}
	var more []string
	if !Exists(dir) { // in the folder of a run is that of its teacher
		if more, err = filepath.Glob(filepath.Join(quote(dir), "*", ReportFile)); err != nil {
			return nil, fmt.Errorf("experiment: %s: %w", dir, err)
		}
	}
	for _, path := range append(paths, more...) {
		r, err := readReport(path)
		if err != nil {
			return nil, err
		}
		if r.Error != "" {
			continue // begun, and not finished
		}
		runs, err := Read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	if len(all) == 0 {
		begun, err := Unfinished(dir)
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("%s has no finished run: neither it nor a folder in it has a %s of one", dir, ReportFile)
		for _, b := range begun {
			text += "\n  not finished: " + b
		}
		return nil, errors.New("experiment: " + text)
	}
	return all, nil
}

// Unfinished names the runs that Read leaves out of a folder, each with what ended it.
func Unfinished(path string) (all []string, err error) {
	if !isDir(path) {
		return nil, nil
	}
	var more []string
	if !Exists(path) {
		if more, err = filepath.Glob(filepath.Join(quote(path), "*")); err != nil {
			return nil, fmt.Errorf("experiment: %s: %w", path, err)
		}
	}
	for _, dir := range append([]string{path}, more...) {
		r, err := readReport(filepath.Join(dir, ReportFile))
		_, begun := os.Stat(filepath.Join(dir, manifestFile))
		now, _ := readManifest(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && begun == nil:
			all = append(all, dir+": begun, and without "+ReportFile)
		case err == nil && r.Error != "":
			all = append(all, dir+": "+r.Error)
		case err == nil && now != nil && manifest.Further(r.Manifest, *now):
			all = append(all, dir+": begun to go further than "+ReportFile+" says")
		}
	}
	return all, nil
}

// quote is a folder as a pattern that matches itself.
func quote(dir string) string {
	var b []rune
	for _, r := range dir {
		if r == '*' || r == '?' || r == '[' || r == '\\' && filepath.Separator != '\\' {
			b = append(b, '\\')
		}
		b = append(b, r)
	}
	return string(b)
}

// ReadRun returns the report that a run left, also of one that is judged by held-out images alone.
func ReadRun(dir string) (*Report, error) { return readReport(filepath.Join(dir, ReportFile)) }

// From is the file that the report was read from; "" if it is not from one.
func (p Report) From() string { return p.from }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
