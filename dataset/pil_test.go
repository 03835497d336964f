package dataset_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/stretchr/testify/require"
)

// Files of every format and color model are decoded and brought to a size as PIL does it. LONGTAIL_PIL is a Python that has
// it.
func TestImagesAreThoseOfPIL(t *testing.T) {
	python := os.Getenv("LONGTAIL_PIL")
	if python == "" {
		t.Skip("LONGTAIL_PIL is not set: the path of a Python with PIL")
	}
	dir := t.TempDir()
	log, err := exec.Command(python, filepath.Join("testdata", "pil_peer.py"), dir).CombinedOutput()
	require.NoError(t, err, "%s", log)
	text, err := os.ReadFile(filepath.Join(dir, "files.json"))
	require.NoError(t, err)
	var files []struct{ Name, What string }
	require.NoError(t, json.Unmarshal(text, &files))
	require.GreaterOrEqual(t, len(files), 300)
	type figures struct {
		sum, worst float64
		n          int
	}
	of := map[string]*figures{}
	for _, f := range files {
		kind := strings.TrimPrefix(filepath.Ext(f.Name), ".") + ", " + f.What
		picture, err := imagefile.DecodeFile(t.Context(), filepath.Join(dir, f.Name), imagefile.Settings{})
		if strings.HasPrefix(kind, "tif, CMYK") { // which is refused
			require.ErrorContains(t, err, "convert it to RGB")
			continue
		}
		require.NoError(t, err, kind)
		var img dataset.Image
		require.NoError(t, dataset.Convert(picture, dataset.Scale{Height: 48, Width: 64, Fit: dataset.Squash}, &img))
		want, err := os.ReadFile(filepath.Join(dir, f.Name+".rgb"))
		require.NoError(t, err)
		require.Len(t, img.Pix, len(want))
		sum := 0.0
		for k, v := range want {
			sum += math.Abs(float64(v) - float64(img.Pix[k]))
		}
		each := sum / float64(len(want))
		if of[kind] == nil {
			of[kind] = &figures{}
		}
		all := of[kind]
		all.sum, all.worst, all.n = all.sum+each, max(all.worst, each), all.n+1
		if each >= 1 {
			t.Errorf("%s: %s differs by %.2f of 255 in the mean", kind, f.Name, each)
		}
	}
	mean, worst, n := 0.0, 0.0, 0
	for kind, all := range of {
		t.Logf("%-40s %.4f of 255 in the mean, at most %.4f", kind, all.sum/float64(all.n), all.worst)
		mean, worst, n = mean+all.sum, max(worst, all.worst), n+all.n
	}
	t.Logf("%d images: %.4f of 255 in the mean, at most %.4f", n, mean/float64(n), worst)
}
