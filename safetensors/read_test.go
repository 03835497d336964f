package safetensors_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/safetensors"
)

func TestFilesThatBreakTheFormat(t *testing.T) {
	const x = `"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}`
	for _, c := range []struct {
		want   string
		header string
		data   string
	}{
		{`the header names "x" twice`, `{` + x + `,` + x + `}`, "ab"},
		{`the header names "__metadata__" twice`, `{"__metadata__":{},"__metadata__":{}}`, ""},
		{`tensor "x": the header gives no dtype`, `{"x":{"shape":[2],"data_offsets":[0,2]}}`, "ab"},
		{`tensor "x": the header gives no shape`, `{"x":{"dtype":"U8","data_offsets":[0,2]}}`, "ab"},
		{`tensor "x": the header gives no shape`, `{"x":{"dtype":"U8","shape":null,"data_offsets":[0,2]}}`, "ab"},
		{`tensor "x": data_offsets must be [begin, end], not 0 numbers`, `{"x":{"dtype":"U8","shape":[2]}}`, "ab"},
		{`tensor "x": data_offsets must be [begin, end], not 3 numbers`,
			`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2,3]}}`, "ab"},
		{`tensor "x": data_offsets [2 0] must be 0 ≤ begin ≤ end`,
			`{"x":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}`, "ab"},
		{`tensor "x": data_offsets [-1 1] must be 0 ≤ begin ≤ end`,
			`{"x":{"dtype":"U8","shape":[2],"data_offsets":[-1,1]}}`, "ab"},
		{`tensor "x": shape [-1 -2] has a negative dimension`,
			`{"x":{"dtype":"U8","shape":[-1,-2],"data_offsets":[0,2]}}`, "ab"},
		{`tensor "x": shape [4294967296 4294967296] has more values than can be counted`,
			`{"x":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, ""},
		{`tensor "x": shape [2305843009213693952] has more values than can be counted`,
			`{"x":{"dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,0]}}`, ""},
		{`tensor "x": shape [4294967296 4294967296 0] has more values than can be counted`,
			`{"x":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`, ""},
		{`tensor "x": shape [0 4294967296 4294967296] has more values than can be counted`,
			`{"x":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}`, ""},
		{`tensor "x": shape [4294967296 4294967296] has more values than can be counted`,
			`{"x":{"dtype":"F4","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, ""},
		{`tensor "x": F32 of shape [2] takes 8 bytes, but data_offsets [0 2] hold 2`,
			`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,2]}}`, "ab"},
		{`truncated: the header says 2 bytes of tensors, the file has 1: the copy is incomplete`, `{` + x + `}`, "a"},
		{`1 bytes follow the last tensor, at offset 2: the file is damaged`, `{` + x + `}`, "abc"},
		{`1 bytes follow the last tensor, at offset 0: the file is damaged`, `{}`, "a"},
		{`tensor "y" begins at offset 1, within tensor "x", which ends at 2`,
			`{"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},` + x + `}`, "abc"},
		{`1 bytes between tensor "x" and tensor "y", at offset 2, belong to no tensor`,
			`{` + x + `,"y":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}`, "abcd"},
		{`1 bytes between the header and tensor "y", at offset 0, belong to no tensor`,
			`{"y":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, "ab"},
		{`2 bytes follow the header's last brace: only spaces may`, `{} {}`, ""},
		{`the header is not valid UTF-8: the file is damaged`, "{\"\xff\":1}", ""},
		{`the header is not valid JSON: EOF: the file is damaged`, `{   `, ""},
		{`not a safetensors file: it begins with 03 00 00 00 00 00 00 00 5b, not with a header's length and {`, `[1]`, ""},
		{`not a safetensors file: it begins with 00 00 00 00 00 00 00 00, not with a header's length and {`, ``, ""},
	} {
		_, err := read(file(c.header, []byte(c.data)...))
		require.EqualError(t, err, "safetensors: "+c.want, "%s", c.header)
	}
	for _, header := range []string{`{"x"}`, `{1:2}`, `{"x":}`, `{` + x + `,}`, `{` + x + ` "y":1}`, `{]`, `{,}`, `{"x":1}`,
		`{"x":{"dtype":1}}`, `{"x":{"shape":[1.5]}}`, `{"x":{"shape":[9223372036854775808]}}`, `{"x":[]}`, `{"__metadata__":[]}`,
		`{"__metadata__":{"a":1}}`, `{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}`} {
		_, err := read(file(header))
		require.ErrorContains(t, err, "safetensors: the header", "%s", header)
	}
}

func TestForeignFiles(t *testing.T) {
	for want, b := range map[string][]byte{
		"truncated: a safetensors file has at least 8 bytes, this one has 0":                                  nil,
		"truncated: a safetensors file has at least 8 bytes, this one has 3":                                  []byte("abc"),
		"not a safetensors file but a zip archive, as torch.save writes: open it with package pytorch":        []byte("PK\x03\x04 and so on"),
		"not a safetensors file: it begins with 3c 68 74 6d 6c 3e 3c 62 6f, not with a header's length and {": []byte("<html><body>"),
		"truncated: the header has 9 bytes, the file 3 after its length: the copy is incomplete":              []byte("\x09\x00\x00\x00\x00\x00\x00\x00{  "),
	} {
		_, err := read(b)
		require.EqualError(t, err, "safetensors: "+want)
	}
	_, err := safetensors.Read(bytes.NewReader(nil), -5)
	require.Error(t, err)
}

func TestTruncatedAnywhere(t *testing.T) {
	b := written(t, newModel(t), map[string]string{"a": "b"})
	for n := range b {
		f, err := read(b[:n])
		require.ErrorContains(t, err, "truncated", "%d of %d bytes", n, len(b))
		require.Nil(t, f)
	}
}

// A damaged header is refused, or what it still describes can be read or refused: never a panic.
func TestFlippedHeaderBits(t *testing.T) {
	whole := written(t, newModel(t), nil)
	f, err := read(whole)
	require.NoError(t, err)
	headerEnd := len(whole)
	for _, x := range f.Tensors {
		raw, err := x.Bytes()
		require.NoError(t, err)
		headerEnd -= len(raw)
	}
	refused := 0
	for i := range headerEnd * 8 {
		b := bytes.Clone(whole)
		b[i/8] ^= 1 << (i % 8)
		f, err := read(b)
		if err != nil {
			refused++
			continue
		}
		_ = f.Load(newModel(t))
	}
	require.Greater(t, refused, headerEnd*8/3)
}

func TestTensorsMayLieInAnyOrder(t *testing.T) {
	f, err := read(file(`{"c":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"e":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},`+
		`"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, 2, 3))
	require.NoError(t, err)
	var names string
	for _, x := range f.Tensors {
		names += x.Name
	}
	require.Equal(t, "aec", names)
	raw, err := f.Tensors[2].Bytes()
	require.NoError(t, err)
	require.Equal(t, []byte{2, 3}, raw)
}

func TestAClaimOfMoreThanTheFileHasCostsNoMemory(t *testing.T) {
	for want, b := range map[string][]byte{
		"the header says 2000000000 bytes of tensors, the file has 0": file(`{"x":{"dtype":"F32","shape":[500000000],"data_offsets":[0,2000000000]}}`),
		"the header has 99999999 bytes, the file 4":                   []byte("\xff\xe0\xf5\x05\x00\x00\x00\x00{   "),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(b)
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, want)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	}
}

// broken fails from byte at on.
type broken struct {
	io.ReaderAt
	at int64
}

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.at {
		return 0, errors.New("I/O error")
	}
	return b.ReaderAt.ReadAt(p, at)
}

func TestErrorsOfTheReaderAreReturned(t *testing.T) {
	b := file(`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1, 2)
	at := func(n int64) (*safetensors.File, error) {
		return safetensors.Read(broken{bytes.NewReader(b), n}, int64(len(b)))
	}
	_, err := at(0)
	require.EqualError(t, err, "safetensors: reading the header's length: I/O error")
	_, err = at(20)
	require.EqualError(t, err, "safetensors: reading the header: I/O error")
	f, err := at(int64(len(b)) - 1)
	require.NoError(t, err)
	_, err = f.Tensors[0].Bytes()
	require.EqualError(t, err, `safetensors: tensor "x": reading 2 bytes at offset 61: I/O error`)

	_, err = safetensors.Read(bytes.NewReader(b[:20]), int64(len(b))) // shorter than it was said to be
	require.EqualError(t, err, "safetensors: reading the header: unexpected EOF")
}
