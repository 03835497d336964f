package embedding

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/safetensors"
)

// Save writes s to a file, by its extension (dataset/parquet has SaveFeatures for a Parquet file):
//
//   - .safetensors: one file with all of s, in the tensors features [N, D] and labels [N], as dataset/features reads them, and
//     names, thumbnails, offsets and probe; the class names are in its metadata;
//   - .npy: the vectors alone, with the labels beside in NAME_labels.npy, the names in NAME_names.txt, and the class names in
//     NAME_classes.txt, one a line. Thumbnails and probe are left out.
//
// Files of these names are replaced, each in one step.
func (s *Set) Save(path string) error {
	if err := s.Check(); err != nil {
		return err
	}
	if err := CheckName(path); err != nil {
		return err
	}
	if strings.EqualFold(filepath.Ext(path), ".npy") {
		return s.saveNPY(path)
	}
	return s.saveSafetensors(path)
}

// CheckName says why a file of that name cannot be saved.
func CheckName(path string) error {
	if ext := strings.ToLower(filepath.Ext(path)); ext != ".safetensors" && ext != ".npy" {
		return fmt.Errorf("embedding: %s: its extension is neither .safetensors nor .npy; examples/parquet makes a Parquet file of one of these", path)
	}
	return nil
}

// Open reads what Save wrote.
func Open(path string) (s *Set, err error) {
	if err := CheckName(path); err != nil {
		return nil, err
	}
	if strings.EqualFold(filepath.Ext(path), ".npy") {
		s, err = openNPY(path)
	} else {
		s, err = openSafetensors(path)
	}
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("embedding: %s: %w", path, trimmed{err})
	}
	return s, nil
}

// trimmed leaves out the package's name, which the error around it has.
type trimmed struct{ error }

func (t trimmed) Error() string { return strings.TrimPrefix(t.error.Error(), "embedding: ") }
func (t trimmed) Unwrap() error { return t.error }

func (s *Set) saveSafetensors(path string) error {
	classes, err := json.Marshal(s.Classes)
	if err != nil {
		return fmt.Errorf("embedding: %s: the class names: %w", path, err)
	}
	all := []safetensors.Raw{raw("labels", "I64", widened(s.Labels), s.Len())}
	if s.Thumbnails != nil {
		offsets := []int64{0}
		for _, t := range s.Thumbnails {
			offsets = append(offsets, offsets[len(offsets)-1]+int64(len(t)))
		}
		all = append(all, raw("offsets", "I64", offsets, len(offsets)))
	}
	all = append(all, raw("features", "F32", s.Vectors.Data(), s.Len(), s.Dim()))
	if s.Probe != nil {
		all = append(all, raw("probe", "F32", s.Probe, s.Dim()))
	}
	if s.Names != nil {
		names, err := json.Marshal(s.Names)
		if err != nil {
			return fmt.Errorf("embedding: %s: the names: %w", path, err)
		}
		all = append(all, raw("names", "U8", names, len(names)))
	}
	if s.Thumbnails != nil {
		t := bytes.Join(s.Thumbnails, nil)
		all = append(all, raw("thumbnails", "U8", t, len(t)))
	}
	return safetensors.SaveRaw(path, all, map[string]string{"classes": string(classes)})
}

func widened(labels []int) []int64 {
	all := make([]int64, len(labels))
	for i, y := range labels {
		all[i] = int64(y)
	}
	return all
}

func raw(name, dtype string, values any, shape ...int) safetensors.Raw {
	b, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic(err) // slices of numbers have a size
	}
	return safetensors.Raw{Name: name, DType: dtype, Shape: shape, Bytes: b}
}

func openSafetensors(path string) (*Set, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &Set{}
	x, err := f.Tensor("features")
	if err == nil {
		s.Vectors, err = x.Float32()
	}
	if err != nil {
		return nil, err
	}
	labels, err := integers(f, "labels")
	if err != nil {
		return nil, err
	}
	for _, y := range labels {
		if y < 0 || y > math.MaxInt32 {
			return nil, fmt.Errorf("the label %d is none", y)
		}
		s.Labels = append(s.Labels, int(y))
	}
	text, ok := f.Metadata["classes"]
	if !ok {
		return nil, fmt.Errorf("its metadata has no entry classes: it is no file of embeddings with class names")
	}
	if err := json.Unmarshal([]byte(text), &s.Classes); err != nil {
		return nil, fmt.Errorf("metadata classes: %w", err)
	}
	for _, t := range f.Tensors {
		switch t.Name {
		case "names":
			b, err := t.Bytes()
			if err == nil {
				err = json.Unmarshal(b, &s.Names)
			}
			if err != nil {
				return nil, fmt.Errorf("tensor names: %w", err)
			}
		case "probe":
			p, err := t.Float32()
			if err != nil {
				return nil, err
			}
			s.Probe = p.Data()
		case "thumbnails":
			b, err := t.Bytes()
			if err != nil {
				return nil, err
			}
			if s.Thumbnails, err = cut(f, b); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func integers(f *safetensors.File, name string) ([]int64, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, err
	}
	if t.DType != "I64" || len(t.Shape) != 1 {
		return nil, fmt.Errorf("tensor %s is %s of shape %v: it must be I64 of shape [N]", name, t.DType, t.Shape)
	}
	b, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	all := make([]int64, len(b)/8)
	_, err = binary.Decode(b, binary.LittleEndian, all)
	return all, err
}

// cut parts the thumbnails.
func cut(f *safetensors.File, b []byte) (all [][]byte, err error) {
	offsets, err := integers(f, "offsets")
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(offsets); i++ {
		from, to := offsets[i-1], offsets[i]
		if from < 0 || to < from || to > int64(len(b)) {
			return nil, fmt.Errorf("tensor offsets: thumbnail %d goes from %d to %d of %d bytes", i-1, from, to, len(b))
		}
		all = append(all, b[from:to:to])
	}
	return all, nil
}
