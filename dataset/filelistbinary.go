package dataset

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// Folders are the folders of the files, each once, in the order in which they came, with a slash in the end; "" is the root.
func (l *FileList) Folders() []string { return l.folders }

// AppendBinary implements encoding.BinaryAppender. The form is that of UnmarshalBinary of the same version of this module.
func (l *FileList) AppendBinary(b []byte) ([]byte, error) {
	names := uint64(len(l.names))
	boxes := uint64(len(l.boxes))
	for _, n := range []uint64{uint64(len(l.folders)), uint64(l.Len()), names, boxes} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for _, f := range l.folders {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	b = slices.Grow(b, 12*l.Len()+16*len(l.boxes)+len(l.names))
	for i := range l.labels {
		b = binary.LittleEndian.AppendUint32(b, uint32(l.folder[i]))
		b = binary.LittleEndian.AppendUint32(b, l.ends[i])
		b = binary.LittleEndian.AppendUint32(b, uint32(l.labels[i]))
	}
	for _, x := range l.boxes {
		for _, v := range [4]int32{x.left, x.top, x.right, x.bottom} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
	}
	return append(b, l.names...), nil
}

var errNoList = errors.New("dataset: these bytes are no list of files")

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It takes no memory on the word of what it reads.
func (l *FileList) UnmarshalBinary(b []byte) error {
	if len(b) < 32 {
		return errNoList
	}
	var n [4]int // folders, files, bytes of names, boxes
	for i := range n {
		v := binary.LittleEndian.Uint64(b[8*i:])
		if v > uint64(len(b)) || v > math.MaxInt32 {
			return errNoList
		}
		n[i] = int(v)
	}
	b = b[32:]
	r := FileList{}
	for range n[0] {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errNoList
		}
		size := int(binary.LittleEndian.Uint32(b))
		r.folders, b = append(r.folders, string(b[4:4+size])), b[4+size:]
	}
	if n[3] != 0 && n[3] != n[1] || uint64(len(b)) != 12*uint64(n[1])+16*uint64(n[3])+uint64(n[2]) {
		return errNoList
	}
	r.folder, r.ends, r.labels = make([]int32, n[1]), make([]uint32, n[1]), make([]int32, n[1])
	last := uint32(0)
	for i := range r.labels {
		r.folder[i], r.ends[i], r.labels[i] = int32(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:]), int32(binary.LittleEndian.Uint32(b[8:]))
		if b = b[12:]; r.folder[i] < 0 || int(r.folder[i]) >= n[0] || r.ends[i] < last || uint64(r.ends[i]) > uint64(n[2]) {
			return errNoList
		}
		last = r.ends[i]
	}
	if int(last) != n[2] {
		return errNoList
	}
	if n[3] > 0 {
		r.boxes = make([]box, n[3])
	}
	for i := range r.boxes {
		v := func(k int) int32 { return int32(binary.LittleEndian.Uint32(b[4*k:])) }
		r.boxes[i] = box{v(0), v(1), v(2), v(3)}
		b = b[16:]
	}
	r.names = slices.Clone(b)
	r.index = make(map[string]int32, len(r.folders))
	for i, f := range r.folders {
		r.index[f] = int32(i)
	}
	*l = r
	return nil
}
