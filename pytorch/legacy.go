package pytorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/safetensors"
)

// legacyNumber is the number that such files begin with, 0x1950a86a20f9469cfc6c.
const legacyNumber = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"

// readLegacy reads the format before PyTorch 1.6: five pickles (a magic number, the version, sizes of C types, the value, a
// list of the storages' keys), then for each storage its number of values and the values.
func readLegacy(r io.ReaderAt, size int64) ([]safetensors.Tensor, error) {
	p := newPickle(io.NewSectionReader(r, 0, size), size)
	var parts [5]any
	for i := range parts {
		var err error
		if parts[i], err = p.run(); err != nil {
			return nil, err
		}
		if i == 0 && parts[0] != legacyNumber {
			return nil, errors.New("a pickle that torch.save did not write")
		}
		if i == 1 && parts[1] != int64(1001) {
			return nil, fmt.Errorf("version %s of the format before PyTorch 1.6, of which 1001 is read: save the file anew by torch.save(torch.load(path), path)", shown(parts[1]))
		}
	}
	if info, ok := parts[2].(*dict); !ok || info.text["little_endian"] != true {
		return nil, errors.New("the byte order is not little-endian: save the file on a little-endian machine")
	}
	keys, ok := parts[4].(*list)
	if !ok {
		return nil, fmt.Errorf("the keys of storages are a %T, not a list: the file is damaged", parts[4])
	}
	at := p.at
	begins := map[string]int64{}
	for _, k := range keys.items {
		key, _ := k.(string)
		s := p.storages[key]
		if s == nil {
			return nil, fmt.Errorf("storage %s is listed, but no tensor has it: the file is damaged", shown(k))
		}
		var count [8]byte
		if err := readFull(r, count[:], at); err != nil {
			return nil, fmt.Errorf("storage %q at byte %d: %w", key, at, err)
		}
		at += 8
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.numel) || s.bytes() > size-at {
			return nil, fmt.Errorf("storage %q at byte %d has %d values, its tensors tell of %d, and %d bytes of the file are left: it is damaged or its copy incomplete",
				key, at, n, s.numel, size-at)
		}
		begins[key] = at
		at += s.bytes()
	}
	return tensorsOf(parts[3], func(s *storage) (values, error) {
		begin, ok := begins[s.key]
		if !ok {
			return nil, fmt.Errorf("storage %q is not listed: the file is damaged", s.key)
		}
		return func(from, to int64) ([]byte, error) {
			b := make([]byte, to-from)
			return b, readFull(r, b, begin+from)
		}, nil
	})
}
