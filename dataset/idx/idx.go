// Package idx reads images and labels in the IDX format of MNIST, Fashion-MNIST and their kin, plain or compressed by gzip.
//
// No memory is taken on a header's word: what it claims must be there.
package idx

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/longtail-ml/longtail/dataset"
)

// Settings say what images are brought to, and what the classes are.
type Settings struct {
	Height, Width int // of the images handed out; one 0: the same as the other; both 0: as they are
	Fit           dataset.Fit
	Classes       []string // nil: "0", "1" and so on, up to the largest label
}

// Read reads a file of images, in grey, and the file of their labels. The set is in RGB, as sets of image files are. Errors
// name the file.
func Read(images, labels string, s Settings) (*dataset.Memory, error) {
	m, err := read(images, labels, s)
	if err != nil {
		return nil, fmt.Errorf("idx: %w", err)
	}
	return m, nil
}

func read(images, labels string, s Settings) (*dataset.Memory, error) {
	shape, pixels, err := readFile(images, 3)
	if err != nil {
		return nil, err
	}
	of, y, err := readFile(labels, 1)
	if err != nil {
		return nil, err
	}
	n, height, width := shape[0], shape[1], shape[2]
	if of[0] != n {
		return nil, fmt.Errorf("%s has %d images and %s %d labels: they belong to different sets", images, n, labels, of[0])
	}
	if n == 0 || height == 0 || width == 0 {
		return nil, fmt.Errorf("%s has %d images of %d×%d pixels, which show nothing", images, n, height, width)
	}
	if s.Classes == nil {
		for c := range int(slices.Max(y)) + 1 {
			s.Classes = append(s.Classes, strconv.Itoa(c))
		}
	}
	to := dataset.Scale{Height: cmp.Or(s.Height, s.Width, height), Width: cmp.Or(s.Width, s.Height, width), Fit: s.Fit}
	if s.Height == 0 && s.Width == 0 && s.Fit == dataset.Whole {
		to.Fit = dataset.CenterCrop // which leaves them as they are too
	}
	pictures, numbers := make([]image.Image, n), make([]int, n)
	for i := range pictures {
		size := height * width
		pictures[i] = &image.Gray{Pix: pixels[i*size : (i+1)*size], Stride: width, Rect: image.Rect(0, 0, width, height)}
		if numbers[i] = int(y[i]); numbers[i] >= len(s.Classes) {
			return nil, fmt.Errorf("%s: image %d has label %d: there are %d classes", labels, i, numbers[i], len(s.Classes))
		}
	}
	return dataset.FromImages(pictures, numbers, s.Classes, to)
}

// most is the most bytes that a file may have, unpacked.
const most int64 = 1 << 31

// readFile reads an array of bytes of so many dimensions.
func readFile(path string, dims int) (shape []int, data []byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	shape, data, err = parse(f, dims)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("it is cut off (%w): get it again", err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return shape, data, nil
}

func parse(f io.Reader, dims int) (shape []int, data []byte, err error) {
	buffered := bufio.NewReader(f)
	var r io.Reader = buffered
	if head, _ := buffered.Peek(2); string(head) == "\x1f\x8b" {
		if r, err = gzip.NewReader(buffered); err != nil {
			return nil, nil, err
		}
	}
	head := make([]byte, 4+4*dims)
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return nil, nil, err
	}
	switch {
	case head[0] != 0 || head[1] != 0:
		return nil, nil, fmt.Errorf("it begins with % x: this is no IDX file", head[:4])
	case head[2] != 8:
		return nil, nil, fmt.Errorf("its values are of type %#02x: only bytes (0x08) are read", head[2])
	case int(head[3]) != dims:
		return nil, nil, fmt.Errorf("it has %d dimensions: labels have 1 and images 3", head[3])
	}
	if _, err := io.ReadFull(r, head[4:]); err != nil {
		return nil, nil, err
	}
	size := int64(1)
	for d := range dims {
		n := int64(binary.BigEndian.Uint32(head[4+4*d:]))
		if n > 0 && size > most/n {
			return nil, nil, fmt.Errorf("its header claims more than %d bytes", most)
		}
		shape, size = append(shape, int(n)), size*n
	}
	data, err = io.ReadAll(io.LimitReader(r, size+1))
	switch {
	case err != nil:
		return nil, nil, err
	case int64(len(data)) < size:
		return nil, nil, fmt.Errorf("its header claims %v values, %d are there: %w", shape, len(data), io.ErrUnexpectedEOF)
	case int64(len(data)) > size:
		return nil, nil, fmt.Errorf("there is more in it than the %v values of its header", shape)
	}
	return shape, data, nil
}
