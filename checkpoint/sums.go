package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Names of the files of a checkpoint. Its checksums are in the form of the program sha256sum, so that
// "sha256sum -c SHA256SUMS" checks a checkpoint as well.
const (
	sumsName      = "SHA256SUMS"
	runName       = "run.json"
	manifestName  = "manifest.json"
	tensorsSuffix = ".safetensors"
)

// sums writes files and their checksums.
type sums struct {
	dir   string
	lines bytes.Buffer
}

// write makes a file that fill fills, and leaves it on disk, not in a cache.
func (s *sums) write(name string, fill func(*os.File) error) error {
	path := filepath.Join(s.dir, name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer f.Close() // a second close does no harm
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum, err := sumOf(f)
	if err != nil {
		return err
	}
	fmt.Fprintf(&s.lines, "%s  %s\n", sum, name)
	return f.Close()
}

func (s *sums) writeJSON(name string, v any) error {
	text, err := encode(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return s.write(name, func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
}

// encode returns v as the JSON of files.
func encode(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "\t")
	return append(text, '\n'), err
}

// SumManifest returns the SHA-256, in hex, of manifest.json of a checkpoint with this manifest: what SHA256SUMS says of it.
func SumManifest(manifest json.RawMessage) (string, error) {
	text, err := encode(manifest)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %s: %w", manifestName, err)
	}
	return sumOf(bytes.NewReader(text))
}

// finish writes the checksums themselves.
func (s *sums) finish() error {
	lines := bytes.Clone(s.lines.Bytes())
	return s.write(sumsName, func(f *os.File) error {
		_, err := f.Write(lines)
		return err
	})
}

func sumOf(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// parseSums returns the checksum of each file.
func parseSums(text []byte) (map[string]string, error) {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, fmt.Errorf("truncated: the last line has no end")
	}
	of := map[string]string{}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		sum, name, found := strings.Cut(line, "  ")
		if _, err := hex.DecodeString(sum); !found || err != nil || len(sum) != 2*sha256.Size {
			return nil, fmt.Errorf("line %d is not a checksum and a name: %q", i+1, line)
		}
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\:\x00") {
			return nil, fmt.Errorf("line %d: %q is not the name of a file here", i+1, name)
		}
		if of[name] != "" {
			return nil, fmt.Errorf("line %d names %q again", i+1, name)
		}
		of[name] = sum
	}
	return of, nil
}
