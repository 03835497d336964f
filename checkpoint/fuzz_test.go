package checkpoint_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/checkpoint"
)

// FuzzOpen reads directories of any content, with checksums of any content or with true ones.
func FuzzOpen(f *testing.F) {
	path := saved(f, checkpoint.Store{Dir: f.TempDir()}, 7, 2, newModel(f))
	var seed [3][]byte
	for i, name := range []string{"SHA256SUMS", "run.json", "model.safetensors"} {
		var err error
		seed[i], err = os.ReadFile(filepath.Join(path, name))
		require.NoError(f, err)
	}
	f.Add(seed[0], seed[1], []byte(nil), seed[2])
	f.Add([]byte(nil), seed[1], []byte(`{"images":[5,3]}`), seed[2])
	f.Add([]byte(nil), []byte(`{"version":3}`), []byte(nil), seed[2][:20])
	f.Add(bytes.Repeat([]byte("0"), 64), []byte(`{"version":2,"score":1e999}`), []byte("null"), []byte(nil))
	f.Fuzz(func(t *testing.T, sums, run, manifest, model []byte) {
		dir := t.TempDir()
		files := map[string][]byte{"run.json": run, "manifest.json": manifest, "model.safetensors": model}
		honest := len(sums) == 0
		for name, text := range files {
			if name == "manifest.json" && len(text) == 0 {
				continue
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o666))
			if honest {
				sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(text), name)
			}
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums, 0o666))
		c, err := checkpoint.Open(dir)
		if err != nil {
			require.Contains(t, err.Error(), "checkpoint: "+dir)
			return
		}
		require.Equal(t, checkpoint.Version, c.Run.Version)
		require.GreaterOrEqual(t, c.Run.Epoch, 0)
		require.GreaterOrEqual(t, c.Run.Step, 0)
		require.True(t, c.Manifest == nil || json.Valid(c.Manifest))
		_ = c.Load("model", newModel(t))
	})
}
