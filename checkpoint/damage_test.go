package checkpoint_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/checkpoint"
)

// resum writes the checksums anew, as a careful forger would.
func resum(t testing.TB, dir string) {
	t.Helper()
	lines := ""
	for _, name := range []string{"manifest.json", "model.safetensors", "run.json"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			lines += fmt.Sprintf("%x  %s\n", sha256.Sum256(text), name)
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(lines), 0o666))
}

// A checkpoint of another version is not damaged: it is not passed over, and the error says what reads it.
func TestCheckpointsOfAnotherVersion(t *testing.T) {
	for version, want := range map[int]string{
		1: "finish the run with the program that began it, which build.revision in its manifest.json names, or with longtail of commit 8ac9c55",
		3: "go on with the program that saved it",
	} {
		s := checkpoint.Store{Dir: t.TempDir()}
		saved(t, s, 6, 0, newModel(t))
		path := saved(t, s, 7, 0, newModel(t))
		require.NoError(t, os.WriteFile(filepath.Join(path, "run.json"), fmt.Appendf(nil, `{"version":%d,"epoch":"seven"}`, version), 0o666))
		resum(t, path)
		_, skipped, err := s.Newest()
		require.Empty(t, skipped)
		require.ErrorContains(t, err, fmt.Sprintf("%s: the format has version %d, this program reads version 2: %s", filepath.Join(path, "run.json"), version, want))
	}
}

func TestDamagedCheckpoints(t *testing.T) {
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, name))) }
	}
	change := func(name string, edit func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			text, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			write(name, string(edit(text)))(t, dir)
		}
	}
	forge := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			write(name, text)(t, dir)
			resum(t, dir)
		}
	}
	zeros := strings.Repeat("0", 64)
	for _, c := range []struct {
		name, want string
		damage     func(*testing.T, string)
	}{
		{"bit flipped in a tensor", "DIR/model.safetensors: damaged: its SHA-256 is ", change("model.safetensors", func(b []byte) []byte { b[len(b)-1] ^= 4; return b })},
		{"bit flipped in a header", "(not a safetensors file: it begins with ", change("model.safetensors", func(b []byte) []byte { b[7] ^= 1; return b })},
		{"truncated tensors", "(truncated: the header says 17 bytes of tensors, the file has 7: the copy is incomplete)",
			change("model.safetensors", func(b []byte) []byte { return b[:len(b)-10] })},
		{"empty run.json", "DIR/run.json: damaged: its SHA-256 is e3b0c442…, that of the saved file ", write("run.json", "")},
		{"truncated manifest", "DIR/manifest.json: damaged: its SHA-256 is ", change("manifest.json", func(b []byte) []byte { return b[:len(b)-2] })},
		{"missing tensors", "DIR/model.safetensors: missing: the copy is incomplete", remove("model.safetensors")},
		{"missing run.json", "DIR/run.json: missing: the copy is incomplete", remove("run.json")},
		{"no checksums", "DIR: has no file SHA256SUMS: it is no checkpoint, or an incomplete copy of one", remove("SHA256SUMS")},
		{"truncated checksums", "DIR/SHA256SUMS: truncated: the last line has no end", change("SHA256SUMS", func(b []byte) []byte { return b[:len(b)-1] })},
		{"empty checksums", "DIR/SHA256SUMS: truncated: the last line has no end", write("SHA256SUMS", "")},
		{"lost line of checksums", "DIR/run.json: foreign: SHA256SUMS does not list it: move it elsewhere",
			change("SHA256SUMS", func(b []byte) []byte { return b[:strings.LastIndex(string(b[:len(b)-1]), "\n")+1] })},
		{"checksums of something else", "DIR/SHA256SUMS: line 1 is not a checksum and a name: \"hello\"", write("SHA256SUMS", "hello\n")},
		{"short checksum", "DIR/SHA256SUMS: line 1 is not a checksum and a name: \"00  x\"", write("SHA256SUMS", "00  x\n")},
		{"checksum that is not hex", "DIR/SHA256SUMS: line 1 is not a checksum and a name: \"g0", write("SHA256SUMS", "g"+zeros[1:]+"  x\n")},
		{"checksum alone", "DIR/SHA256SUMS: line 1 is not a checksum and a name: \"00", write("SHA256SUMS", zeros+"\n")},
		{"checksum of nothing", "DIR/SHA256SUMS: line 1: \"\" is not the name of a file here", write("SHA256SUMS", zeros+"  \n")},
		{"checksum of the folder", "DIR/SHA256SUMS: line 1: \".\" is not the name of a file here", write("SHA256SUMS", zeros+"  .\n")},
		{"checksum of the folder above", "DIR/SHA256SUMS: line 1: \"..\" is not the name of a file here", write("SHA256SUMS", zeros+"  ..\n")},
		{"checksum of another place", "DIR/SHA256SUMS: line 1: \"../x\" is not the name of a file here", write("SHA256SUMS", zeros+"  ../x\n")},
		{"two checksums", "DIR/SHA256SUMS: line 2 names \"x\" again", write("SHA256SUMS", zeros+"  x\n"+zeros+"  x\n")},
		{"foreign file", "DIR/notes.txt: foreign: SHA256SUMS does not list it: move it elsewhere", write("notes.txt", "hello")},
		{"a directory in place of a file", "DIR/run.json: not a regular file", func(t *testing.T, dir string) {
			remove("run.json")(t, dir)
			require.NoError(t, os.Mkdir(filepath.Join(dir, "run.json"), 0o777))
		}},
		{"no version", "DIR/run.json: not the state of a run: it has no version", forge("run.json", `{"epoch":7}`)},
		{"no JSON", "DIR/run.json: not the state of a run: invalid character 'h' looking for beginning of value", forge("run.json", "hello")},
		{"nonsense", "DIR/run.json: epoch -1 and step 0 must not be negative", forge("run.json", `{"version":2,"epoch":-1}`)},
		{"of another type", "DIR/run.json: not the state of a run: json: cannot unmarshal string", forge("run.json", `{"version":2,"epoch":"7"}`)},
		{"manifest that is none", "DIR/manifest.json: not valid JSON", forge("manifest.json", "hello")},
		{"no run.json by the checksums", "DIR/run.json: SHA256SUMS does not list it: this is no checkpoint of a run", func(t *testing.T, dir string) {
			remove("run.json")(t, dir)
			resum(t, dir)
		}},
		{"renamed", "DIR: holds the checkpoint epoch-0008-step-000000: it was renamed", forge("run.json", `{"version":2,"epoch":8}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := checkpoint.Store{Dir: t.TempDir()}
			older := saved(t, s, 6, 0, newModel(t))
			path, err := s.Save(checkpoint.Run{Epoch: 7}, json.RawMessage(`{"a":1}`), map[string]checkpoint.File{"model": {State: newModel(t)}})
			require.NoError(t, err)
			c.damage(t, path)
			newest, skipped, err := s.Newest()
			require.NoError(t, err)
			require.Equal(t, older, newest.Path)
			require.Len(t, skipped, 1)
			require.Contains(t, skipped[0].Error(), filepath.FromSlash(strings.ReplaceAll(c.want, "DIR", path)))
			require.True(t, strings.HasPrefix(skipped[0].Error(), "checkpoint: "+path), skipped[0])

			require.NoError(t, os.RemoveAll(older))
			_, _, err = s.Newest()
			require.ErrorContains(t, err, "checkpoint: "+s.Dir+": no checkpoint is intact: checkpoint: "+path)
			require.NotErrorIs(t, err, checkpoint.ErrNone)
		})
	}
}

// Property: no flipped bit of any file goes unnoticed.
func TestEveryFlippedBitIsFound(t *testing.T) {
	path := saved(t, checkpoint.Store{Dir: t.TempDir()}, 0, 0, newModel(t))
	rapid.Check(t, func(r *rapid.T) {
		file := filepath.Join(path, rapid.SampledFrom(names(t, path)).Draw(r, "file"))
		text, err := os.ReadFile(file)
		require.NoError(r, err)
		bit := rapid.IntRange(0, 8*len(text)-1).Draw(r, "bit")
		text[bit/8] ^= 1 << (bit % 8)
		require.NoError(r, os.WriteFile(file, text, 0o666))
		_, err = checkpoint.Open(path)
		text[bit/8] ^= 1 << (bit % 8)
		require.NoError(r, os.WriteFile(file, text, 0o666))
		require.Error(r, err)
		_, err = checkpoint.Open(path)
		require.NoError(r, err)
	})
}

func TestAFileManagersFilesDoNoHarm(t *testing.T) {
	path := saved(t, checkpoint.Store{Dir: t.TempDir()}, 0, 0, newModel(t))
	require.NoError(t, os.WriteFile(filepath.Join(path, ".DS_Store"), []byte("x"), 0o666))
	_, err := checkpoint.Open(path)
	require.NoError(t, err)
}

// The best checkpoint is not replaced by another without a word.
func TestTheBestIsDamaged(t *testing.T) {
	for _, name := range []string{"model.safetensors", "run.json", "SHA256SUMS"} {
		s := checkpoint.Store{Dir: t.TempDir(), Keep: 2}
		m := newModel(t)
		save := func(epoch int, score float64) string {
			path, err := s.Save(checkpoint.Run{Epoch: epoch, Score: &score}, nil, map[string]checkpoint.File{"model": {State: m}})
			require.NoError(t, err)
			return path
		}
		best := save(1, 3)
		second := save(2, 2)
		text, err := os.ReadFile(filepath.Join(best, name))
		require.NoError(t, err)
		text[len(text)-12] ^= 1 // in SHA256SUMS the sum of run.json
		require.NoError(t, os.WriteFile(filepath.Join(best, name), text, 0o666))

		c, err := s.Best()
		require.ErrorIs(t, err, checkpoint.ErrDamaged)
		require.ErrorContains(t, err, best)
		require.Equal(t, second, c.Path, "for those who want it")

		save(3, 1)
		last := save(4, 0)
		want := []string{filepath.Base(best), "epoch-0002-step-000000", "epoch-0003-step-000000", "epoch-0004-step-000000"}
		if name == "model.safetensors" { // its score is known
			want = append(want[:1], want[2:]...)
		}
		require.Equal(t, want, names(t, s.Dir), "%s: what may be the best is not removed", name)
		newest, skipped, err := s.Newest()
		require.NoError(t, err)
		require.Empty(t, skipped)
		require.Equal(t, last, newest.Path)
	}
	s := checkpoint.Store{Dir: t.TempDir()}
	path := saved(t, s, 1, 0, newModel(t))
	require.NoError(t, os.Remove(filepath.Join(path, "run.json")))
	c, err := s.Best()
	require.ErrorIs(t, err, checkpoint.ErrDamaged)
	require.Nil(t, c)
}
