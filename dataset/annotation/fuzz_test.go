package annotation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzz reads hostile text, and expects of what it accepts that its labels are those of its classes.
func fuzz(f *testing.F, read func(string, Settings) (*Set, error), seeds ...string) {
	for _, s := range seeds {
		f.Add(s, false, "")
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, text string, lenient bool, column string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		s := Settings{LeaveOut: lenient, Crop: column == "crop"}
		if column != "" && !s.Crop {
			s.Columns = []string{column, "*"}
		}
		set, err := read(path, s)
		if err != nil {
			require.ErrorContains(t, err, path)
			return
		}
		require.NotEmpty(t, pairs(t, set))
		require.Len(t, set.Classes.IDs, len(set.Classes.Names))
	})
}

func FuzzReadTable(f *testing.F) {
	fuzz(f, ReadTable, "image,label\na.jpg,cat\n", "a.jpg\t1\nb.jpg\t0\n", "image,A,B\nx,1,0\ny,0,1\n", "\xef\xbb\xbf\"a\"\"b\";c\r\n1.png;2\r\n")
}

func FuzzReadList(f *testing.F) { fuzz(f, ReadList, "a b.jpg 1\n\nc.jpg 0\n", "x\t7\r\n") }

func FuzzReadCOCO(f *testing.F) {
	fuzz(f, ReadCOCO, object(threeImages, twoCategories, `"annotations": [{"id": "q", "image_id": 5, "category_id": 1, "bbox": [0, 1, 2.5, 3]}]`),
		`{"annotations": [{"image_id": 1e2, "category_id": "x"}], "info": [[{}]], "images": [{"id": "100", "file_name": "a"}]}`)
}

func FuzzReadNames(f *testing.F) {
	for _, s := range []string{`[{"id": 1, "name": "a"}]`, `{"a": "b"}`, "a 1\nb 2\n", "a\nb"} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		if _, err := ReadNames(path); err != nil {
			require.ErrorContains(t, err, path)
		}
	})
}
