package pytorch

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/longtail-ml/longtail/safetensors"
)

// archive is a zip archive: NAME/data.pkl is the pickle, NAME/data/KEY the values of a storage.
type archive struct {
	r       io.ReaderAt
	size    int64
	folder  string // with a slash at its end
	records map[string]*zip.File
}

func readArchive(r io.ReaderAt, size int64) ([]safetensors.Tensor, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("the zip archive is damaged or its copy incomplete: %w", err)
	}
	a := &archive{r: r, size: size, records: map[string]*zip.File{}}
	var pickle *zip.File
	for _, f := range z.File {
		if folder, ok := strings.CutSuffix(f.Name, "data.pkl"); ok && (folder == "" || strings.HasSuffix(folder, "/")) {
			if pickle != nil {
				return nil, fmt.Errorf("the archive has both %q and %q: which one is meant?", pickle.Name, f.Name)
			}
			pickle, a.folder = f, folder
		}
		if a.records[f.Name] != nil {
			return nil, fmt.Errorf("the archive has two entries %q: it is damaged", f.Name)
		}
		a.records[f.Name] = f
	}
	if pickle == nil {
		return nil, errors.New("a zip archive without data.pkl: torch.save did not write it")
	}
	if a.records[a.folder+"constants.pkl"] != nil {
		return nil, errors.New("a TorchScript program (it has constants.pkl): save its weights alone by torch.save(model.state_dict(), path)")
	}
	if order := a.records[a.folder+"byteorder"]; order != nil {
		if text, err := a.whole(order); err != nil || string(text) != "little" {
			return nil, fmt.Errorf("the byte order is %q, only little is read: save the file on a little-endian machine", text)
		}
	}
	if err := a.check(pickle); err != nil {
		return nil, err
	}
	body, err := pickle.Open()
	if err != nil {
		return nil, fmt.Errorf("%q: %w", pickle.Name, err)
	}
	defer body.Close()
	p := newPickle(body, int64(pickle.UncompressedSize64))
	value, err := p.run()
	if err == nil {
		_, err = io.Copy(io.Discard, body) // the checksum follows
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", pickle.Name, err)
	}
	return tensorsOf(value, a.storage)
}

// check holds that an entry is as large as it says, so that this much memory may be taken for it.
func (a *archive) check(f *zip.File) error {
	switch {
	case f.Method != zip.Store:
		return fmt.Errorf("%q is compressed, which torch.save never does: pack the archive anew without", f.Name)
	case f.CompressedSize64 != f.UncompressedSize64 || f.UncompressedSize64 > uint64(a.size):
		return fmt.Errorf("%q has %d bytes in a file of %d: it is damaged or its copy incomplete", f.Name, f.UncompressedSize64, a.size)
	}
	return nil
}

// whole returns the bytes of a small entry.
func (a *archive) whole(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 1<<10))
}

// storage says how to read the values of a storage.
func (a *archive) storage(s *storage) (values, error) {
	name := a.folder + "data/" + s.key
	f := a.records[name]
	switch {
	case f == nil:
		return nil, fmt.Errorf("the archive has no %q: it is damaged", name)
	case a.check(f) != nil:
		return nil, a.check(f)
	case f.UncompressedSize64 != uint64(s.bytes()):
		return nil, fmt.Errorf("%q has %d bytes, %d values of type %s need %d: the file is damaged", name, f.UncompressedSize64, s.numel, s.dtype, s.bytes())
	}
	return func(from, to int64) ([]byte, error) {
		b := make([]byte, to-from)
		if from == 0 && to == s.bytes() {
			r, err := f.Open()
			if err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			}
			defer r.Close()
			if _, err := io.ReadFull(r, b); err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			}
			if _, err := r.Read(make([]byte, 1)); err != io.EOF {
				return nil, fmt.Errorf("%q: %w", name, err) // the checksum is compared at the end
			}
			return b, nil
		}
		at, err := f.DataOffset()
		if err == nil {
			err = readFull(a.r, b, at+from)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		return b, nil
	}, nil
}
