package pytorch_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sixteen = "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40" // 1, 2, 3, 4

func four(s string) map[string]string { return map[string]string{"0": s} }

// Whatever is not a tensor or plain data is refused, by its name where it has one.
func TestNothingElseIsRun(t *testing.T) {
	good := tensorOf(storageOf("FloatStorage", "0", number(4)), number(0), tupleOf(number(2), number(2)), tupleOf(number(2), number(1)))
	f, err := read(archiveOf(t, dictOf(text("w"), good), four(sixteen)))
	require.NoError(t, err)
	x, err := f.Tensors[0].Float32()
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3, 4}, x.Data())

	for want, pickle := range map[string]string{
		"the file asks for os.system, which is not part":    name("os", "system") + tupleOf(text("true")) + "R",
		"the file asks for posix.system":                    text("posix") + text("system") + "\x93" + tupleOf(text("true")) + "R",
		"the file asks for builtins.eval":                   dictOf(text("a"), good, text("b"), name("builtins", "eval")+tupleOf(text("1"))+"R"),
		"the file asks for torch.load":                      name("torch", "load"),
		"the file asks for torch.ComplexFloatStorage":       tensorOf(storageOf("ComplexFloatStorage", "0", number(1)), number(0), ")", ")"),
		"the file asks for torch._utils._rebuild_qtensor":   name("torch._utils", "_rebuild_qtensor"),
		"the file asks for torch.FloatStorage":              name("torch", "FloatStorage") + tupleOf(number(4)) + "R",
		"a call of a string":                                text("os.system") + ")R",
		"instruction 0x69 is not part":                      "(" + name("collections", "OrderedDict") + "i",
		"instruction 0x81 is not part":                      name("collections", "OrderedDict") + ")\x81",
		"instruction 0x50 is not part":                      "P0\n",
		"instruction 0x82 is not part":                      "\x82\x01",
		"sets attributes of a tensor":                       good + "}b",
		"protocol 1: only 2 to 5":                           "\x80\x01}",
		"sets items of a list":                              "]" + number(1) + number(2) + "s",
		"adds items to a dict":                              "}" + number(1) + "a",
		"a key without a value":                             "}(" + number(1) + "u",
		"nothing is on the stack":                           "s",
		"entry 7 of the memo was never set":                 "h\x07",
		"a reference that is not of a plain storage: int64": number(3) + "Q",
		"a reference that is not of a plain storage: tuple": tupleOf(text("module"), name("torch", "FloatStorage"), text("0"), text("cpu"), number(4)) + "Q",
		"a storage of type dict":                            tupleOf(text("storage"), "}", text("0"), text("cpu"), number(4)) + "Q",
		"key \"0\" and -1 values":                           storageOf("FloatStorage", "0", number(-1)),
		`storage "0" has 4 values of F32 and also 2 of F64`: dictOf(text("a"), good, text("b"), storageOf("DoubleStorage", "0", number(2))),
		"truncated: 4294967295 bytes are wanted":            "X\xff\xff\xff\xff",
		"truncated: -1 bytes are wanted":                    "\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
		"no tensor is in the file":                          dictOf(text("epoch"), number(3)),
		"the file names \"a.b\" twice":                      dictOf(text("a"), dictOf(text("b"), good), text("a.b"), good),
		"collections.OrderedDict: needs a list of pairs":    name("collections", "OrderedDict") + tupleOf(number(1)) + "R",
		"_rebuild_parameter: needs a tensor":                name("torch._utils", "_rebuild_parameter") + tupleOf(number(1)) + "R",
		"collections.Counter: needs a dict":                 name("collections", "Counter") + ")R",
		"torch.Size: needs a tuple":                         name("torch", "Size") + ")R",
		"a name of more than 1024 bytes":                    "c" + strings.Repeat("x", 2000) + "\n",
	} {
		if pickle == "" {
			continue
		}
		_, err := read(archiveOf(t, pickle, four(sixteen)))
		require.ErrorContains(t, err, want)
	}
}

// What a tensor claims is compared with the storage and the file before memory is taken for it.
func TestSizesAreChecked(t *testing.T) {
	one := func(dtype, numel, offset, shape, stride string) string {
		return dictOf(text("w"), tensorOf(storageOf(dtype, "0", numel), offset, shape, stride))
	}
	vector := func(n, stride int32) (string, string) { return tupleOf(number(n)), tupleOf(number(stride)) }
	for _, c := range []struct {
		want, dtype   string
		numel, offset int32
		n, stride     int32
	}{
		{"does not lie in the 4 values", "FloatStorage", 4, 1, 4, 1},
		{"does not lie in the 4 values", "FloatStorage", 4, 0, 2, 4},
		{"does not lie in the 4 values", "FloatStorage", 4, 0, 5, 0}, // expanded
		{"must not be negative", "FloatStorage", 4, 3, 4, -1},
		{"must not be negative", "FloatStorage", 4, 0, -4, 1},
		{"offset -1 do not fit", "FloatStorage", 4, -1, 4, 1},
		{`"archive/data/0" has 16 bytes, 5 values of type F32 need 20`, "FloatStorage", 5, 0, 4, 1},
		{"16 bytes, 2147483647 values of type F64 need 17179869176", "DoubleStorage", 2147483647, 0, 2147483647, 1},
	} {
		shape, stride := vector(c.n, c.stride)
		_, err := read(archiveOf(t, one(c.dtype, number(c.numel), number(c.offset), shape, stride), four(sixteen)))
		require.ErrorContains(t, err, c.want)
	}
	huge := "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40" // 2⁶²
	for want, pickle := range map[string]string{
		"more than can be counted":                        one("FloatStorage", number(4), number(0), tupleOf(huge, huge), tupleOf(number(1), number(1))),
		"with strides [4611686018427387904 1]":            one("FloatStorage", number(4), number(0), tupleOf(number(3), number(1)), tupleOf(huge, number(1))),
		"4611686018427387904 values":                      one("FloatStorage", huge, number(0), ")", ")"),
		`the archive has no "archive/data/9"`:             dictOf(text("w"), tensorOf(storageOf("FloatStorage", "9", number(4)), number(0), ")", ")")),
		"shape [4], strides [] and offset 0 do not fit":   one("FloatStorage", number(4), number(0), tupleOf(number(4)), ")"),
		"needs a storage, an offset, a shape and strides": dictOf(text("w"), tensorOf(number(1), number(0), ")", ")")),
		"has 0 arguments, needs a storage":                name("torch._utils", "_rebuild_tensor_v2") + ")R",
	} {
		_, err := read(archiveOf(t, pickle, four(sixteen)))
		require.ErrorContains(t, err, want)
	}
	// Bytes of the storage that nobody could have written: empty dimensions take none.
	f, err := read(archiveOf(t, one("FloatStorage", number(4), number(0), tupleOf(number(0), huge), tupleOf(huge, number(1))), four(sixteen)))
	if err == nil { // 32-bit machines refuse the dimension
		b, err := f.Tensors[0].Bytes()
		require.NoError(t, err)
		require.Empty(t, b)
	}
}

// Dicts that hold one another many times over, or themselves, end in an error.
func TestNestingIsBounded(t *testing.T) {
	good := tensorOf(storageOf("FloatStorage", "0", number(4)), number(0), ")", ")")
	bomb := dictOf(text("w"), good) + "q\x00"
	for range 30 {
		bomb = "}(" + text("a") + bomb + text("b") + "h\x00uq\x00"
	}
	self := "}q\x00(" + text("w") + good + text("self") + "h\x00u"
	for _, pickle := range []string{bomb, self} {
		_, err := read(archiveOf(t, pickle, four(sixteen)))
		require.ErrorContains(t, err, "nested deeper or more often")
	}
}

// Archives that torch.save did not write, or that were damaged since.
func TestArchivesOfOtherPrograms(t *testing.T) {
	good := dictOf(text("w"), tensorOf(storageOf("FloatStorage", "0", number(4)), number(0), tupleOf(number(4)), tupleOf(number(1))))
	make := func(method uint16, entries ...[2]string) []byte {
		var buf bytes.Buffer
		w := zip.NewWriter(&buf)
		for _, e := range entries {
			f, err := w.CreateHeader(&zip.FileHeader{Name: e[0], Method: method})
			require.NoError(t, err)
			_, err = f.Write([]byte(e[1]))
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		return buf.Bytes()
	}
	pickle := [2]string{"a/data.pkl", "\x80\x02" + good + "."}
	values := [2]string{"a/data/0", sixteen}
	f, err := read(make(zip.Store, pickle, values, [2]string{"a/byteorder", "little"}))
	require.NoError(t, err)
	require.NoError(t, readAll(f))
	for want, b := range map[string][]byte{
		`"a/data.pkl" is compressed`:               make(zip.Deflate, pickle, values),
		"without data.pkl":                         make(zip.Store, values),
		"two entries":                              make(zip.Store, pickle, values, values),
		`both "a/data.pkl" and "b/data.pkl"`:       make(zip.Store, pickle, values, [2]string{"b/data.pkl", ""}),
		`the byte order is "big"`:                  make(zip.Store, pickle, values, [2]string{"a/byteorder", "big"}),
		"a TorchScript program":                    make(zip.Store, pickle, values, [2]string{"a/constants.pkl", ""}),
		"damaged or its copy incomplete":           []byte("PK\x03\x04 and nothing else"),
		"not a file of torch.save: it begins with": []byte("\x80\x02}."),
		"truncated":                                []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"),
		"a pickle that torch.save did not write":   []byte("\x80\x02}.\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"),
	} {
		_, err := read(b)
		require.ErrorContains(t, err, want)
	}
	damaged := bytes.Replace(make(zip.Store, pickle, values), []byte(sixteen), []byte("abcdefghijklmnop"), 1)
	f, err = read(damaged)
	require.NoError(t, err)
	require.ErrorContains(t, readAll(f), "checksum error")
}
