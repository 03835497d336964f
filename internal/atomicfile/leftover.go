package atomicfile

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
)

// Mark is in the names of temporary files, between the name of the file to come and what tells two of them apart.
const Mark = ".tmp-"

const marks = 8 // characters after Mark

// Temporary returns a name beside path that nobody else uses.
func Temporary(path string) string { return path + Mark + rand.Text()[:marks] }

// Original returns the name of the file to come of a name by Temporary, and "" for any other name.
func Original(name string) string {
	at := strings.LastIndex(name, Mark)
	if at <= 0 || len(name)-at-len(Mark) != marks || strings.Trim(name[at+len(Mark):], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return ""
	}
	return name[:at]
}

// RemoveLeftovers removes the temporary files that processes left that were killed while they wrote one of the paths. No
// other process may be writing them.
func RemoveLeftovers(paths ...string) error {
	for _, path := range paths {
		if to, err := follow(path); err == nil {
			path = to
		}
		all, err := os.ReadDir(filepath.Dir(path))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range all {
			if Original(e.Name()) == filepath.Base(path) && e.Type().IsRegular() {
				if err := os.Remove(filepath.Join(filepath.Dir(path), e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
