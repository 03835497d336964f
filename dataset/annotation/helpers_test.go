package annotation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// lines are the files of a set with the names of their classes.
func pairs(t *testing.T, s *Set) (all []string) {
	t.Helper()
	f, err := dataset.NewFiles("", s.Classes.Names, s.Files, dataset.FolderSettings{})
	require.NoError(t, err)
	for i := range f.Len() {
		all = append(all, filepath.ToSlash(f.Path(i))+" "+f.Classes()[f.Label(i)])
	}
	return all
}

// passed are what was left out.
func passed(s *Set) (all []string) {
	for _, p := range s.PassedOver {
		all = append(all, p.String())
	}
	return all
}

// reading is a file and what should come of it.
type reading struct {
	name, file, text string
	settings         Settings
	want             []string // pairs
	ids              []string // nil: not looked at
	passed           []string
	fails            []string // parts of the error; nil: none
}

func (r reading) run(t *testing.T) {
	t.Run(r.name, func(t *testing.T) {
		path := write(t, r.file, r.text)
		set, err := Read(path, r.settings)
		if r.fails != nil {
			require.ErrorContains(t, err, path)
			for _, part := range r.fails {
				require.ErrorContains(t, err, part)
			}
			return
		}
		require.NoError(t, err)
		require.Equal(t, r.want, pairs(t, set))
		require.Equal(t, r.passed, passed(set))
		if r.ids != nil {
			require.Equal(t, r.ids, set.Classes.IDs)
		}
	})
}
