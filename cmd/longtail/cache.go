package main

import (
	"os"
	"path/filepath"
)

// indices is the folder that keeps what was read of large annotation files; "": there is no place for one.
func indices() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "longtail")
}
