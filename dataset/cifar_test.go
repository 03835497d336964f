package dataset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// cifarRecord is a record whose pixel p has red p, green p+1 and blue p+2, modulo 256.
func cifarRecord(labels ...uint8) []byte {
	r := append([]byte(nil), labels...)
	for channel := range 3 {
		for p := range cifarPlane {
			r = append(r, uint8(p+channel))
		}
	}
	return r
}

func writeFile(t testing.TB, content []byte, path ...string) {
	t.Helper()
	full := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
	require.NoError(t, os.WriteFile(full, content, 0o644))
}

func writeCIFAR10(t testing.TB, dir string) {
	for i, name := range cifar10Format().train {
		writeFile(t, append(cifarRecord(uint8(i)), cifarRecord(9)...), dir, name)
	}
	writeFile(t, cifarRecord(3), dir, "test_batch.bin")
}

func writeCIFAR100(t testing.TB, dir string) {
	writeFile(t, append(cifarRecord(1, 99), cifarRecord(2, 0)...), dir, "train.bin")
	writeFile(t, cifarRecord(19, 42), dir, "test.bin")
}

func TestCIFAR10(t *testing.T) {
	for _, folder := range []string{"", "cifar-10-batches-bin"} {
		dir := t.TempDir()
		writeCIFAR10(t, filepath.Join(dir, folder))
		train, test, err := CIFAR10(dir)
		require.NoError(t, err)
		require.Equal(t, []int{0, 9, 1, 9, 2, 9, 3, 9, 4, 9}, Labels(train))
		require.Equal(t, []int{3}, Labels(test))
		require.Equal(t, "truck", train.Classes()[9])
		for _, set := range []Dataset{train, test} {
			mean, std := NormalizationOf(set)
			require.Equal(t, [][]float64{{0.4914, 0.4822, 0.4465}, {0.2023, 0.1994, 0.2010}}, [][]float64{mean, std})
		}
		var img Image
		require.NoError(t, train.Image(9, &img))
		require.Equal(t, Shape{Height: 32, Width: 32, Channels: 3}, img.Shape())
		for p := range cifarPlane {
			require.Equal(t, []uint8{uint8(p), uint8(p + 1), uint8(p + 2)}, img.Pix[3*p:3*p+3])
		}
	}
}

func TestCIFAR100(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR100(t, filepath.Join(dir, "cifar-100-binary"))
	train, test, err := CIFAR100(dir)
	require.NoError(t, err)
	require.Equal(t, []int{99, 0}, Labels(train), "the second byte, the fine label")
	require.Equal(t, []int{42}, Labels(test))
	require.Len(t, train.Classes(), 100)
	require.Equal(t, "leopard", train.Classes()[42])
	require.IsIncreasing(t, train.Classes())
	var img Image
	require.NoError(t, test.Image(0, &img))
	require.Equal(t, []uint8{0, 1, 2, 1, 2, 3}, img.Pix[:6])
}

func TestCIFARClassNamesFromFile(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR10(t, dir)
	writeFile(t, []byte("a\nb\nc\nd\ne\nf\ng\nh\r\ni\nj\n\n"), dir, "batches.meta.txt")
	train, _, err := CIFAR10(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, train.Classes())

	path := filepath.Join(dir, "batches.meta.txt")
	names := []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n")
	writeFile(t, append(names, make([]byte, 1<<16-len(names))...), path)
	_, _, err = CIFAR10(dir)
	require.ErrorContains(t, err, "11 class names")
	writeFile(t, append(names, make([]byte, 1<<16-len(names)+1)...), path)
	_, _, err = CIFAR10(dir)
	require.ErrorContains(t, err, "dataset: class names: "+path+" has 65537 bytes, at most 65536 are read")
	writeFile(t, []byte("a\nb\n"), path)
	_, _, err = CIFAR10(dir)
	require.EqualError(t, err,
		"dataset: "+path+" holds 2 class names, CIFAR-10 has 10 classes: mend the file or remove it")
}

func TestCIFARErrors(t *testing.T) {
	dir := t.TempDir()
	_, _, err := CIFAR100(dir)
	require.EqualError(t, err, "dataset: no CIFAR-100 in "+dir+": expected train.bin, test.bin there or in its folder "+
		"cifar-100-binary (the binary version)")

	writeCIFAR10(t, dir)
	path := filepath.Join(dir, "data_batch_2.bin")
	require.NoError(t, os.Remove(path))
	_, _, err = CIFAR10(dir)
	require.EqualError(t, err, "dataset: incomplete CIFAR-10 in "+dir+": data_batch_2.bin missing of data_batch_1.bin, "+
		"data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin")

	writeFile(t, nil, path)
	require.NoError(t, os.Truncate(path, 1<<28+1)) // takes no room
	_, _, err = CIFAR10(dir)
	require.ErrorContains(t, err, "at most 268435456 are read")

	writeFile(t, append(cifarRecord(1), cifarRecord(2)[:3000]...), path)
	_, _, err = CIFAR10(dir)
	require.EqualError(t, err, "dataset: "+path+": its size of 6073 bytes is not a multiple of 3073 bytes: truncated at "+
		"record 1, byte offset 3073; download it again")

	writeFile(t, append(cifarRecord(1), cifarRecord(10)...), path)
	_, _, err = CIFAR10(dir)
	require.EqualError(t, err, "dataset: "+path+": record 1, byte offset 3073: label 10 is over 9: the file is damaged or "+
		"not CIFAR-10; download it again")

	writeFile(t, nil, path)
	_, _, err = CIFAR10(dir)
	require.EqualError(t, err, "dataset: "+path+" is empty: download it again")
}
