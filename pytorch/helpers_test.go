package pytorch_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func parameter(shape ...int) *autograd.Param { return autograd.NewParam(tensor.New(shape...)) }

// The instructions of a pickle, as far as tests need them.
func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}
func number(v int32) string { return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }
func name(module, n string) string {
	return "c" + module + "\n" + n + "\n"
}
func tupleOf(items ...string) string {
	all := "("
	for _, i := range items {
		all += i
	}
	return all + "t"
}
func storageOf(dtype, key string, numel string) string {
	return tupleOf(text("storage"), name("torch", dtype), text(key), text("cpu"), numel) + "Q"
}
func tensorOf(storage, offset, shape, stride string) string {
	return name("torch._utils", "_rebuild_tensor_v2") + tupleOf(storage, offset, shape, stride, "\x89", "}") + "R"
}
func dictOf(items ...string) string {
	all := "}("
	for _, i := range items {
		all += i
	}
	return all + "u"
}

// archiveOf is a file of torch.save with that pickle and storages.
func archiveOf(t testing.TB, pickle string, storages map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	put := func(name, content string) {
		e, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		_, err = e.Write([]byte(content))
		require.NoError(t, err)
	}
	put("archive/data.pkl", "\x80\x02"+pickle+".")
	for key, content := range storages {
		put("archive/data/"+key, content)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}
