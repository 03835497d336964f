package features

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/npy"
	"github.com/longtail-ml/longtail/safetensors"
)

// Settings say how Open reads. The zero value is for files with the names that their comments tell.
type Settings struct {
	// Labels is the .npy file of the labels. "": that beside the features which is called as they are with _labels at the
	// end, or in place of _features or _embeddings: train_labels.npy for train.npy or train_features.npy. A safetensors file
	// has its own.
	Labels string
	// Features and Targets name the two tensors in a safetensors file; "" means features and labels.
	Features, Targets string
	// Classes are the names of the classes by label. nil: those that package embedding writes, else the lines of classes.txt beside the file, if it is there, else the labels.
	Classes []string
}

// Open reads the features [N, D] of a .npy or .safetensors file, float16, float32 or float64, and the labels [N], integers
// of any size. What does not fit is an error that names the file and the shapes.
func Open(path string, s Settings) (*Set, error) {
	read := openNPY
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".npy":
	case ".safetensors":
		read = openSafetensors
	default:
		return nil, fmt.Errorf("features: %s: its extension is neither .npy nor .safetensors", path)
	}
	if s.Classes == nil {
		var err error
		if s.Classes, err = classesOf(path); err != nil {
			return nil, err
		}
	}
	x, y, err := read(path, s)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err) // the files' packages name the path
	}
	width, err := widthOf(x.shape, y.shape)
	if err != nil {
		return nil, fmt.Errorf("features: %s: %w", path, err)
	}
	set, err := New(width, x.values, y.values, s.Classes)
	if err != nil {
		return nil, fmt.Errorf("features: %s: %w", path, trimmed{err})
	}
	return set, nil
}

// trimmed leaves out the package's name, which the error around it has.
type trimmed struct{ error }

func (t trimmed) Error() string { return strings.TrimPrefix(t.error.Error(), "features: ") }
func (t trimmed) Unwrap() error { return t.error }

// array is what a file holds.
type array[V any] struct {
	values []V
	shape  []int
}

// widthOf says what is wrong with the shapes of features and labels; labels may be a column.
func widthOf(x, y []int) (int, error) {
	if len(x) != 2 || x[1] < 1 {
		return 0, fmt.Errorf("features of shape %v: they must be [N, D], a row for each sample", x)
	}
	if len(y) != 1 && (len(y) != 2 || y[1] != 1) {
		return 0, fmt.Errorf("labels of shape %v: they must be [N], one for each sample", y)
	}
	if x[0] != y[0] {
		return 0, fmt.Errorf("features of shape %v and labels of shape %v: there must be one label for each row", x, y)
	}
	return x[1], nil
}

func openNPY(path string, s Settings) (x array[float32], y array[int], err error) {
	labels := s.Labels
	if labels == "" {
		if labels, err = besides(path); err != nil {
			return x, y, err
		}
	}
	if x, err = npyArray(path, (*npy.File).Float32); err != nil {
		return x, y, err
	}
	y, err = npyArray(labels, (*npy.File).Ints)
	return x, y, err
}

func npyArray[V any](path string, values func(*npy.File) ([]V, error)) (a array[V], err error) {
	f, err := npy.Open(path)
	if err != nil {
		return a, err
	}
	defer f.Close()
	a.shape = f.Shape
	a.values, err = values(f)
	return a, err
}

// besides returns the file of labels that belongs to a file of features.
func besides(path string) (string, error) {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	var tried []string
	for _, end := range []string{"", "_features", "_embeddings"} {
		stem, found := strings.CutSuffix(base, end)
		if !found {
			continue
		}
		labels := stem + "_labels.npy"
		if _, err := os.Stat(labels); err == nil {
			return labels, nil
		}
		tried = append(tried, labels)
	}
	return "", fmt.Errorf("%s has no labels: looked for %s", path, strings.Join(tried, " and "))
}

func openSafetensors(path string, s Settings) (x array[float32], y array[int], err error) {
	if s.Labels != "" {
		return x, y, fmt.Errorf("%s: Settings.Labels is %s, but a safetensors file has its own: name their tensor by Settings.Targets", path, s.Labels)
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return x, y, err
	}
	defer f.Close()
	features, err := f.Tensor(or(s.Features, "features"))
	if err != nil {
		return x, y, err
	}
	labels, err := f.Tensor(or(s.Targets, "labels"))
	if err != nil {
		return x, y, err
	}
	v, err := features.Float32()
	if err != nil {
		return x, y, err
	}
	x = array[float32]{v.Data(), features.Shape}
	y.shape = labels.Shape
	raw, err := labels.Bytes()
	if err != nil {
		return x, y, err
	}
	if y.values, err = ints(labels.DType, raw); err != nil {
		return x, y, fmt.Errorf("%s: tensor %q: %w", path, labels.Name, err)
	}
	return x, y, nil
}

func or(name, usual string) string {
	if name == "" {
		return usual
	}
	return name
}

// ints decodes little-endian integers of a safetensors type.
func ints(dtype string, raw []byte) (all []int, err error) {
	size, one := 0, func(b []byte) int64 { return 0 }
	switch dtype {
	case "I64", "U64":
		size, one = 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	case "I32":
		size, one = 4, func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	case "U32":
		size, one = 4, func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) }
	case "I16":
		size, one = 2, func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) }
	case "U16":
		size, one = 2, func(b []byte) int64 { return int64(binary.LittleEndian.Uint16(b)) }
	case "I8":
		size, one = 1, func(b []byte) int64 { return int64(int8(b[0])) }
	case "U8", "BOOL":
		size, one = 1, func(b []byte) int64 { return int64(b[0]) }
	default:
		return nil, fmt.Errorf("values of type %s: labels must be integers", dtype)
	}
	all = make([]int, 0, len(raw)/size)
	for i := 0; i+size <= len(raw); i += size {
		v := one(raw[i:])
		if v > math.MaxInt || v < math.MinInt || dtype == "U64" && v < 0 {
			return nil, fmt.Errorf("value %d is out of range", i/size)
		}
		all = append(all, int(v))
	}
	return all, nil
}

// classesFile has a class name on each line, in the order of the labels.
const classesFile = "classes.txt"

// classesOf finds the names of the classes of a file: its own, or else those in classes.txt beside it; nil if there are none.
func classesOf(path string) ([]string, error) {
	if own, err := ownClasses(path); own != nil || err != nil {
		return own, err
	}
	return readClasses(filepath.Join(filepath.Dir(path), classesFile))
}

// ownClasses finds the class names that package embedding writes, in the metadata of a safetensors file or beside a .npy file.
func ownClasses(path string) (names []string, err error) {
	if strings.EqualFold(filepath.Ext(path), ".npy") {
		return readClasses(strings.TrimSuffix(path, filepath.Ext(path)) + "_classes.txt")
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, nil // what is wrong with it is told by who reads it whole
	}
	defer f.Close()
	if text, ok := f.Metadata["classes"]; ok {
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return nil, fmt.Errorf("features: %s: metadata classes: %w", path, err)
		}
	}
	return names, nil
}

// readClasses reads a file of class names; nil if there is none.
func readClasses(path string) ([]string, error) {
	text, err := smallfile.Read(path, 1<<26)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	seen := map[string]int{}
	for i, name := range lines {
		if name == "" {
			return nil, fmt.Errorf("features: %s: line %d is empty: it must have a class name on each line", path, i+1)
		}
		if first, twice := seen[name]; twice {
			return nil, fmt.Errorf("features: %s: line %d has %q, as line %d: class names must differ", path, i+1, name, first)
		}
		seen[name] = i + 1
	}
	return lines, nil
}
