package experiment

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/internal/lock"
)

// Lock keeps other processes from using the folder of a run or a comparison until release; it makes the folder if need be. If
// one of them has it, the error wraps a *checkpoint.InUseError, which says who. What killed processes left half-written is
// removed. Run.Do takes the lock of its folder.
func Lock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	l, err := lock.Folder(dir)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var files []string
	for _, name := range []string{SettingsFile, manifestFile, ReportFile, ModelFile, averageFile, SweepFile, "steps.csv", "metrics.csv"} {
		files = append(files, filepath.Join(dir, name))
	}
	return released(l, files...)
}

// InUse is the error of Lock for a folder that is locked. It writes nothing, and does not keep others from taking the lock.
func InUse(dir string) error {
	if !isDir(dir) {
		return nil
	}
	if err := lock.FolderInUse(dir); err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	return nil
}

// LockFile is Lock for a file that a comparison writes. What is no regular file, such as a device, has no lock.
func LockFile(path string) (release func(), err error) {
	to, plain, err := atomicfile.Resolve(path)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	if !plain {
		return func() {}, nil
	}
	l, err := lock.Acquire(to+".lock", path)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return released(l, to)
}

func released(l *lock.Lock, files ...string) (release func(), err error) {
	if l == nil { // nothing can be removed there
		return l.Release, nil
	}
	if err := atomicfile.RemoveLeftovers(files...); err != nil {
		l.Release()
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return l.Release, nil
}
