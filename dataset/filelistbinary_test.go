package dataset

import (
	"bytes"
	"image"
	"testing"

	"github.com/stretchr/testify/require"
)

func someFiles(boxes bool) *FileList {
	var l FileList
	l.Add("x/a.jpg", 1)
	l.Add("b.jpg", 0)
	if boxes {
		l.AddBox("x/a.jpg", 2, image.Rect(-1, 2, 3, 4))
	}
	return &l
}

func TestFileListAsBytes(t *testing.T) {
	for _, l := range []*FileList{{}, someFiles(false), someFiles(true)} {
		raw, err := l.AppendBinary([]byte("head"))
		require.NoError(t, err)
		raw = raw[4:]
		var back FileList
		require.NoError(t, back.UnmarshalBinary(raw))
		again, err := back.AppendBinary(nil)
		require.NoError(t, err)
		require.Equal(t, raw, again)
		back.Add("x/c.jpg", 1)
		require.Len(t, back.Folders(), max(1, len(l.Folders())), "a known folder is not kept twice")
		for cut := range raw {
			require.Error(t, back.UnmarshalBinary(raw[:cut]), "cut off at byte %d", cut)
		}
	}
}

// Whatever a byte is changed to, the bytes are no list, or one of just these bytes.
func TestDamagedFileLists(t *testing.T) {
	for _, boxes := range []bool{false, true} {
		raw, err := someFiles(boxes).AppendBinary(nil)
		require.NoError(t, err)
		for i := range raw {
			for _, v := range []byte{0, 1, 0x7f, 0xff, raw[i] - 1, raw[i] + 1} {
				damaged := bytes.Clone(raw)
				damaged[i] = v
				checkFileList(t, damaged)
			}
		}
		var l FileList
		require.Error(t, l.UnmarshalBinary(append(raw, 0)))
	}
}

func checkFileList(t *testing.T, raw []byte) {
	var l FileList
	if l.UnmarshalBinary(bytes.Clone(raw)) != nil {
		return
	}
	for i := range l.Len() {
		_ = l.Path(i)
	}
	again, err := l.AppendBinary(nil)
	require.NoError(t, err)
	require.Equal(t, raw, again)
}

func FuzzFileList(f *testing.F) {
	for _, boxes := range []bool{false, true} {
		raw, _ := someFiles(boxes).AppendBinary(nil)
		f.Add(raw)
	}
	f.Fuzz(checkFileList)
}
