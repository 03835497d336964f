package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/internal/smallfile"
)

// cifarFormat is the binary layout of CIFAR-10 or CIFAR-100: records of labels and a 32×32 image, one plane a channel.
type cifarFormat struct {
	name        string
	folder      string   // where the official archive puts the files
	train, test []string // file names
	labels      int      // bytes before the pixels; the last of them is the label
	namesFile   string   // optional, one class name a line
	names       []string // used where there is no such file
}

const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarPixels = 3 * cifarPlane

	mostCIFAR = 1 << 28 // bytes of a file: the largest official one has 154 million
)

func cifar10Format() cifarFormat {
	return cifarFormat{
		name:   "CIFAR-10",
		folder: "cifar-10-batches-bin",
		train: []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
			"data_batch_5.bin"},
		test:      []string{"test_batch.bin"},
		labels:    1,
		namesFile: "batches.meta.txt",
		names:     strings.Fields("airplane automobile bird cat deer dog frog horse ship truck"),
	}
}

func cifar100Format() cifarFormat {
	return cifarFormat{
		name:      "CIFAR-100",
		folder:    "cifar-100-binary",
		train:     []string{"train.bin"},
		test:      []string{"test.bin"},
		labels:    2,
		namesFile: "fine_label_names.txt",
		names: strings.Fields(`apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
			butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup
			dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
			lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
			pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark
			shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone
			television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm`),
	}
}

// CIFAR10 reads the binary version of CIFAR-10 from dir, or from the folder cifar-10-batches-bin in it. Images are
// 32×32×3; class names come from batches.meta.txt where it is there.
func CIFAR10(dir string) (train, test *Memory, err error) { return cifar10Format().read(dir) }

// CIFAR100 reads the binary version of CIFAR-100 from dir, or from the folder cifar-100-binary in it. Images are
// 32×32×3 with fine labels; class names come from fine_label_names.txt where it is there.
func CIFAR100(dir string) (train, test *Memory, err error) { return cifar100Format().read(dir) }

// cifarNormalization is what is usual for CIFAR-10, and on long tails for CIFAR-100 too.
func cifarNormalization() (mean, std []float64) {
	return []float64{0.4914, 0.4822, 0.4465}, []float64{0.2023, 0.1994, 0.2010}
}

// missing lists the data files that are not in dir.
func (f cifarFormat) missing(dir string) []string {
	var names []string
	for _, name := range append(append([]string(nil), f.train...), f.test...) {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			names = append(names, name)
		}
	}
	return names
}

// locate returns the folder that holds any of the data files: dir, or the one of the official archive in it.
func (f cifarFormat) locate(dir string) (string, bool) {
	all := len(f.train) + len(f.test)
	for _, at := range []string{dir, filepath.Join(dir, f.folder)} {
		if len(f.missing(at)) < all {
			return at, true
		}
	}
	return "", false
}

func (f cifarFormat) expected() string {
	return strings.Join(append(append([]string(nil), f.train...), f.test...), ", ")
}

func (f cifarFormat) read(dir string) (train, test *Memory, err error) {
	at, ok := f.locate(dir)
	if !ok {
		return nil, nil, fmt.Errorf("dataset: no %s in %s: expected %s there or in its folder %s (the binary version)",
			f.name, dir, f.expected(), f.folder)
	}
	if missing := f.missing(at); len(missing) > 0 {
		return nil, nil, fmt.Errorf("dataset: incomplete %s in %s: %s missing of %s",
			f.name, at, strings.Join(missing, ", "), f.expected())
	}
	classes, err := f.classes(at)
	if err != nil {
		return nil, nil, err
	}
	if train, err = f.readFiles(at, f.train, classes); err != nil {
		return nil, nil, err
	}
	if test, err = f.readFiles(at, f.test, classes); err != nil {
		return nil, nil, err
	}
	for _, set := range []*Memory{train, test} {
		set.mean, set.std = cifarNormalization()
	}
	return train, test, nil
}

func (f cifarFormat) classes(dir string) ([]string, error) {
	path := filepath.Join(dir, f.namesFile)
	raw, err := smallfile.Read(path, 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return f.names, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: class names: %w", err)
	}
	var names []string
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		if name := strings.TrimSpace(lines.Text()); name != "" {
			names = append(names, name)
		}
	}
	if len(names) != len(f.names) {
		return nil, fmt.Errorf("dataset: %s holds %d class names, %s has %d classes: mend the file or remove it",
			path, len(names), f.name, len(f.names))
	}
	return names, nil
}

func (f cifarFormat) readFiles(dir string, names, classes []string) (*Memory, error) {
	var labels []int
	var pix []uint8
	for _, name := range names {
		path := filepath.Join(dir, name)
		raw, err := smallfile.Read(path, mostCIFAR)
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", f.name, err)
		}
		if labels, pix, err = f.parse(path, raw, labels, pix); err != nil {
			return nil, err
		}
	}
	return FromPixels(Shape{Height: cifarSide, Width: cifarSide, Channels: 3}, classes, pix, labels)
}

// parse appends the records of one file to labels and, from planes turned to HWC, to pix.
func (f cifarFormat) parse(path string, raw []byte, labels []int, pix []uint8) ([]int, []uint8, error) {
	record := f.labels + cifarPixels
	n := len(raw) / record
	if len(raw) == 0 {
		return nil, nil, fmt.Errorf("dataset: %s is empty: download it again", path)
	}
	if len(raw) != n*record {
		return nil, nil, fmt.Errorf("dataset: %s: its size of %d bytes is not a multiple of %d bytes: truncated at record "+
			"%d, byte offset %d; download it again", path, len(raw), record, n, n*record)
	}
	start := len(pix)
	pix = append(pix, make([]uint8, n*cifarPixels)...)
	out := pix[start:]
	for i := range n {
		at := i*record + f.labels - 1
		label := int(raw[at])
		if label >= len(f.names) {
			return nil, nil, fmt.Errorf("dataset: %s: record %d, byte offset %d: label %d is over %d: the file is damaged or "+
				"not %s; download it again", path, i, at, label, len(f.names)-1, f.name)
		}
		labels = append(labels, label)
		planes := raw[at+1 : at+1+cifarPixels]
		for p := range cifarPlane {
			o := i*cifarPixels + 3*p
			out[o], out[o+1], out[o+2] = planes[p], planes[p+cifarPlane], planes[p+2*cifarPlane]
		}
	}
	return labels, pix, nil
}
