package pytorch_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/pytorch"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// showing is a Visitable of whatever the function shows.
type showing func(v nn.Visitor)

func (s showing) Visit(v nn.Visitor) { s(v) }

var dtypes = map[string]string{"torch.float32": "F32", "torch.float64": "F64", "torch.float16": "F16", "torch.bfloat16": "BF16", "torch.int64": "I64",
	"torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8", "torch.uint8": "U8", "torch.bool": "BOOL"}

// What torch.save writes, with views, every type, nested dicts, an optimizer's state, by three formats.
func TestFilesOfTorchSave(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "files.json"))
	require.NoError(t, err)
	var want map[string]struct {
		DType string
		Shape tensor.Shape
		Data  []float64
	}
	require.NoError(t, json.Unmarshal(raw, &want))
	for _, name := range []string{"zip.pth", "protocol4.pth", "legacy.pth"} {
		t.Run(name, func(t *testing.T) {
			f, err := pytorch.Open(filepath.Join("testdata", name))
			require.NoError(t, err)
			defer f.Close()
			require.Len(t, f.Tensors, len(want))
			for _, x := range f.Tensors {
				w, ok := want[x.Name]
				require.True(t, ok, x.Name)
				require.Equal(t, dtypes[w.DType], x.DType, x.Name)
				require.Equal(t, w.Shape.String(), x.Shape.String(), x.Name)
				require.Equal(t, w.Data, numbers(t, x), x.Name)
			}
			first := f.Tensors[0]
			require.NoError(t, f.Close())
			_, err = first.Bytes()
			require.ErrorContains(t, err, name)
		})
	}
}

// numbers are the values of a tensor of any type.
func numbers(t *testing.T, x safetensors.Tensor) []float64 {
	raw, err := x.Bytes()
	require.NoError(t, err)
	out := []float64{}
	size := len(raw) / max(1, x.Shape.Len())
	for i := 0; i < len(raw); i += size {
		b := raw[i : i+size]
		switch x.DType {
		case "I64":
			out = append(out, float64(int64(binary.LittleEndian.Uint64(b))))
		case "I32":
			out = append(out, float64(int32(binary.LittleEndian.Uint32(b))))
		case "I16":
			out = append(out, float64(int16(binary.LittleEndian.Uint16(b))))
		case "I8":
			out = append(out, float64(int8(b[0])))
		case "U8", "BOOL":
			out = append(out, float64(b[0]))
		case "F64":
			var v float64
			_, err := binary.Decode(b, binary.LittleEndian, &v)
			require.NoError(t, err)
			out = append(out, v)
		}
	}
	if size > 0 && len(out) == 0 && len(raw) > 0 {
		v, err := x.Float32()
		require.NoError(t, err)
		for _, f := range v.Data() {
			out = append(out, float64(f))
		}
	}
	return out
}

// A file loads into a model as a safetensors file does: by names, with renames, convolutions turned.
func TestAFileLoadsIntoAModel(t *testing.T) {
	conv := &nn.Conv2d{Weight: parameter(1, 2, 2, 3), Bias: parameter(3)}
	f, err := pytorch.Open(filepath.Join("testdata", "zip.pth"))
	require.NoError(t, err)
	defer f.Close()
	p, err := f.LoadPartial(nn.Sequential{conv, nn.NewBatchNorm2d(3)}, safetensors.ReplacePrefix("state_dict.", ""))
	require.NoError(t, err)
	require.Len(t, p.Loaded, 6)
	require.Empty(t, p.Missing)
	theirs, err := f.Tensor("state_dict.0.weight") // [3, 2, 1, 2]
	require.NoError(t, err)
	x, err := theirs.Float32()
	require.NoError(t, err)
	require.Equal(t, x.Data()[1], conv.Weight.Value.Data()[(1*2+0)*3+0], "output 0, input 0, column 1")
	_, err = f.LoadPartial(nn.Sequential{nn.NewBatchNorm2d(3)}, safetensors.ReplacePrefix("state_dict.", ""))
	require.ErrorContains(t, err, "pytorch: testdata/zip.pth: ")
	require.ErrorContains(t, err, "0.weight is [3 2 1 2] in the file, [3] in the model")
}

func TestRefusedFiles(t *testing.T) {
	for name, want := range map[string]string{
		"model.pth": "the file asks for torch.nn.modules.container.Sequential, which is not part of a file of tensors",
		"script.pt": "a TorchScript program",
		"files.py":  "not a file of torch.save: it begins with 23 21",
		"none.pth":  "no such file",
		".":         "is not a regular file",
	} {
		_, err := pytorch.Open(filepath.Join("testdata", name))
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "pytorch: ")
	}
	f, err := pytorch.Open(filepath.Join("testdata", "tensor.pth"))
	require.NoError(t, err)
	require.Equal(t, "tensor", f.Tensors[0].Name, "one tensor without a name")
	require.NoError(t, f.Close())
}

// A file that is cut anywhere is an error, and never a panic.
func TestFilesCutShort(t *testing.T) {
	for _, name := range []string{"zip.pth", "legacy.pth"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		for n := 0; n < len(whole); n += 3 {
			_, err := read(whole[:n])
			require.Error(t, err, "%s of %d bytes", name, n)
		}
	}
}

// A flipped bit is an error, or leaves names and shapes a reader can trust in the bounds of the file.
func TestFlippedBits(t *testing.T) {
	for _, name := range []string{"zip.pth", "legacy.pth"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		refused := 0
		for i := 0; i < len(whole); i += 3 {
			damaged := bytes.Clone(whole)
			damaged[i] ^= 1 << (i % 8)
			if f, err := read(damaged); err != nil || readAll(f) != nil {
				refused++
			}
		}
		t.Logf("%s: %d of %d flipped bits are noticed", name, refused, len(whole)/3)
		require.Greater(t, refused, len(whole)/30)
	}
}

func read(b []byte) (*safetensors.File, error) {
	return pytorch.Read(bytes.NewReader(b), int64(len(b)))
}

func readAll(f *safetensors.File) error {
	for _, x := range f.Tensors {
		if _, err := x.Bytes(); err != nil {
			return err
		}
	}
	return nil
}

func ExampleOpen() {
	f, err := pytorch.Open("testdata/zip.pth")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for _, x := range f.Tensors[:2] {
		fmt.Println(x.Name, x.DType, x.Shape)
	}
	// Output:
	// state_dict.0.weight F32 [3 2 1 2]
	// state_dict.0.bias F32 [3]
}

// A safetensors file whose header has 640 bytes begins as a pickle does.
func TestIsFile(t *testing.T) {
	require.False(t, pytorch.IsFile(append([]byte("\x80\x02\x00\x00\x00\x00\x00\x00{"), make([]byte, 30)...)))
	require.False(t, pytorch.IsFile(nil))
	for _, name := range []string{"zip.pth", "legacy.pth"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.True(t, pytorch.IsFile(b[:32]))
	}
}
