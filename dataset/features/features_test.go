package features_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/npy"
	"github.com/stretchr/testify/require"
)

func write(t testing.TB, dir, name string, rows, width int, labels ...int) string {
	t.Helper()
	values := make([]float32, rows*width)
	for i := range values {
		values[i] = float32(i)
	}
	path := filepath.Join(dir, name+".npy")
	require.NoError(t, npy.Save(path, values, rows, width))
	if labels != nil {
		require.NoError(t, npy.SaveInts(filepath.Join(dir, name+"_labels.npy"), labels, len(labels)))
	}
	return path
}

// tensors is a safetensors file of features [2, 3] of halves and labels of the type.
func tensors(t testing.TB, path, dtype string, labels any) {
	t.Helper()
	var y bytes.Buffer
	require.NoError(t, binary.Write(&y, binary.LittleEndian, labels))
	header := fmt.Sprintf(`{"features":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},"labels":{"dtype":%q,"shape":[2],"data_offsets":[12,%d]}}`,
		dtype, 12+y.Len())
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for _, v := range []uint16{0x3c00, 0, 0x4000, 0, 0x3c00, 0xbc00} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	require.NoError(t, os.WriteFile(path, append(b, y.Bytes()...), 0o600))
}

func row(t testing.TB, f dataset.Features, i int) []float32 {
	t.Helper()
	x := make([]float32, f.Width())
	require.NoError(t, f.Vector(i, x))
	return x
}

func TestASetIsADataset(t *testing.T) {
	set, err := features.FromRows([][]float32{{1, 2}, {3, 4}, {5, 6}}, []int{0, 2, 2}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1", "2"}, set.Classes())
	require.Equal(t, []int{1, 0, 2}, dataset.Counts(set))
	require.ErrorContains(t, set.Image(0, &dataset.Image{}), "features of 2 values")
	require.ErrorContains(t, set.Vector(3, make([]float32, 2)), "sample 3")
	require.ErrorContains(t, set.Vector(0, make([]float32, 3)), "room for 3")

	part, err := dataset.Subset(set, []int{2, 0})
	require.NoError(t, err)
	require.Equal(t, 2, dataset.WidthOf(part))
	require.Equal(t, []float32{5, 6}, row(t, part.(dataset.Features), 0))
	require.Error(t, part.(dataset.Features).Vector(2, make([]float32, 2)))
	read, err := features.Read(part.(dataset.Features))
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2}, row(t, read, 1))
	require.Equal(t, []int{2, 0}, dataset.Labels(read))

	images, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, Size: 8, PerClass: 2, TestPerClass: 1})
	require.NoError(t, err)
	some, err := dataset.Subset(images, []int{0})
	require.NoError(t, err)
	require.Zero(t, dataset.WidthOf(some))
	require.ErrorContains(t, some.(dataset.Features).Vector(0, nil), "Image")
	_, err = features.Read(some.(dataset.Features))
	require.ErrorContains(t, err, "images")
	_, err = dataset.Load(context.Background(), set)
	require.ErrorContains(t, err, "features")
}

func TestSetsThatAreNone(t *testing.T) {
	nan := float32(math.NaN())
	for want, make := range map[string]func() (*features.Set, error){
		"width of 0":        func() (*features.Set, error) { return features.New(0, nil, nil, nil) },
		"3 values":          func() (*features.Set, error) { return features.New(2, make([]float32, 3), []int{0}, nil) },
		"sample 1 has the":  func() (*features.Set, error) { return features.New(1, []float32{0, nan}, []int{0, 0}, nil) },
		"label -1":          func() (*features.Set, error) { return features.New(1, []float32{0, 0}, []int{0, -1}, nil) },
		"label 2":           func() (*features.Set, error) { return features.New(1, []float32{0}, []int{2}, []string{"a", "b"}) },
		"label 1073741824":  func() (*features.Set, error) { return features.New(1, []float32{0}, []int{1 << 30}, nil) },
		"at least one clas": func() (*features.Set, error) { return features.New(1, nil, nil, nil) },
		"row 1 has 1":       func() (*features.Set, error) { return features.FromRows([][]float32{{1, 2}, {1}}, []int{0, 0}, nil) },
		"no rows":           func() (*features.Set, error) { return features.FromRows(nil, nil, nil) },
	} {
		_, err := make()
		require.ErrorContains(t, err, want)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	set, err := features.Open(write(t, dir, "a", 2, 3, 1, 0), features.Settings{})
	require.NoError(t, err)
	require.Equal(t, []float32{3, 4, 5}, row(t, set, 1))
	require.Equal(t, []int{1, 0}, dataset.Labels(set))

	embeddings := write(t, dir, "b_embeddings", 2, 3)
	_, err = features.Open(embeddings, features.Settings{})
	require.ErrorContains(t, err, "b_labels.npy")
	set, err = features.Open(embeddings, features.Settings{Labels: filepath.Join(dir, "a_labels.npy"), Classes: []string{"x", "y"}})
	require.NoError(t, err)
	require.Equal(t, []string{"x", "y"}, set.Classes())

	path := filepath.Join(dir, "c.safetensors")
	for dtype, labels := range map[string]any{"I64": []int64{1, 0}, "I32": []int32{1, 0}, "U32": []uint32{1, 0}, "I16": []int16{1, 0}, "U16": []uint16{1, 0},
		"I8": []int8{1, 0}, "U8": []uint8{1, 0}, "BOOL": []uint8{1, 0}, "U64": []uint64{1, 0}} {
		tensors(t, path, dtype, labels)
		set, err = features.Open(path, features.Settings{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 0}, dataset.Labels(set))
		require.Equal(t, []float32{0, 1, -1}, row(t, set, 1))
	}

	for want, open := range map[string]func() error{
		"labels of shape [3]": func() error {
			_, err := features.Open(write(t, dir, "d", 2, 3, 0, 0, 0), features.Settings{})
			return err
		},
		"neither .npy": func() error { _, err := features.Open("x.csv", features.Settings{}); return err },
		`"targets"`:    func() error { _, err := features.Open(path, features.Settings{Targets: "targets"}); return err },
		"Settings.Labels": func() error {
			_, err := features.Open(path, features.Settings{Labels: "y.npy"})
			return err
		},
		"must be integers": func() error {
			tensors(t, path, "F32", []float32{1, 0})
			_, err := features.Open(path, features.Settings{})
			return err
		},
		"value 1 is out of range": func() error {
			tensors(t, path, "U64", []uint64{1, math.MaxUint64})
			_, err := features.Open(path, features.Settings{})
			return err
		},
		"integers are wanted": func() error {
			_, err := features.Open(embeddings, features.Settings{Labels: embeddings})
			return err
		},
	} {
		require.ErrorContains(t, open(), want)
	}
}

func TestOpenSplit(t *testing.T) {
	dir := t.TempDir()
	_, err := features.OpenSplit(dir)
	require.ErrorIs(t, err, features.ErrNone)
	write(t, dir, "train", 3, 2, 0, 1, 2)
	_, err = features.OpenSplit(dir)
	require.ErrorContains(t, err, "neither test nor val")
	write(t, dir, "val", 1, 2, 2)
	s, err := features.OpenSplit(dir)
	require.NoError(t, err)
	require.Nil(t, s.Validation)
	require.Equal(t, 1, s.Test.Len())
	require.Equal(t, []string{"0", "1", "2"}, s.Test.Classes())

	write(t, dir, "test", 2, 2, 0, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("ant\r\nbee\r\ncat\r\n"), 0o600))
	s, err = features.OpenSplit(dir)
	require.NoError(t, err)
	require.Equal(t, []int{3, 1, 2}, []int{s.Train.Len(), s.Validation.Len(), s.Test.Len()})
	require.Equal(t, []string{"ant", "bee", "cat"}, s.Validation.Classes())

	write(t, dir, "test_features", 2, 2)
	_, err = features.OpenSplit(dir)
	require.ErrorContains(t, err, "test.npy and test_features.npy")
	require.NoError(t, os.Remove(filepath.Join(dir, "test_features.npy")))

	write(t, dir, "test", 2, 3, 0, 1)
	_, err = features.OpenSplit(dir)
	require.ErrorContains(t, err, "width 3")
	write(t, dir, "test", 2, 2, 0, 3)
	_, err = features.OpenSplit(dir)
	require.ErrorContains(t, err, "label 3")
	for text, want := range map[string]string{"ant\n\nbee": "line 2", "ant\nbee\nant": `"ant", as line 1`, "ant\n": "label 1"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "classes.txt"), []byte(text), 0o600))
		_, err = features.OpenSplit(dir)
		require.ErrorContains(t, err, want)
	}
}

func TestAPartWithNamesOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	name := func(part, lines string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, part+".txt"), []byte(lines), 0o600))
	}
	write(t, dir, "train", 3, 2, 0, 1, 2)
	name("train_classes", "cat\ndog\nfox\n")
	name("classes", "one\ntwo\nthree\n") // they are not those of the file
	write(t, dir, "test", 2, 2, 1, 0)
	name("test_classes", "cat\nfox\n")
	s, err := features.OpenSplit(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"cat", "dog", "fox"}, s.Test.Classes())
	require.Equal(t, []int{2, 0}, []int{s.Test.Label(0), s.Test.Label(1)}, "fox and cat")

	name("test_classes", "cat\nwolf\n")
	_, err = features.OpenSplit(dir)
	require.ErrorContains(t, err, `test.npy: sample 0 is of class "wolf"`)
}

func TestTheSumOfFeaturesIsOfAllValues(t *testing.T) {
	sum := func(last float32, chosen ...int) string {
		rows := make([][]float32, 300)
		for i := range rows {
			rows[i] = []float32{1, last}
		}
		rows[17][0] = last
		var set dataset.Dataset
		set, err := features.FromRows(rows, make([]int, 300), nil)
		require.NoError(t, err)
		if chosen != nil {
			set, err = dataset.Subset(set, chosen)
			require.NoError(t, err)
		}
		text, err := dataset.Sum(t.Context(), set, dataset.SumSettings{})
		require.NoError(t, err)
		return text
	}
	require.Regexp(t, "^300 images: ", sum(2))
	require.Equal(t, sum(2), sum(2))
	require.NotEqual(t, sum(2), sum(3))
	require.NotEqual(t, sum(2, 16, 18), sum(2, 16, 17))
	require.Equal(t, sum(2, 16, 18), sum(2, 16, 18))
}
