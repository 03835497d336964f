package hybrid

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

// ErrWeightsAlone is wrapped by errors of Open about files that do not say what network their weights are of, as those that other
// programs wrote.
var ErrWeightsAlone = errors.New("a file of weights alone, which does not say what network they are of")

// checkpointModel is the model file of a checkpoint directory.
const checkpointModel = "model.safetensors"

// Open builds the network of a model file: one that Save wrote, or a checkpoint of a train.Trainer, by its directory or as
// a file in it. A Predictor of the network knows its class names and takes pictures of any size.
//
// What is damaged, missing or of another version is an error that names the file and the field. The checksum is compared
// first, so that nothing of a damaged file is believed; it finds accidents, not forgers.
func Open(path string) (*Network, About, error) { return OpenWith(path, OpenSettings{}) }

// OpenSettings are those of OpenWith.
type OpenSettings struct {
	Builders Builders // of modules of your own; nil: the file has none
	// Rename returns what the network calls the tensor that the file calls name, such as safetensors.ReplacePrefix: for files
	// saved before a module of your own named its parameters otherwise. nil: names are as in the file.
	Rename safetensors.Rename
}

// OpenWith is Open for networks with modules of your own.
func OpenWith(path string, s OpenSettings) (*Network, About, error) {
	if stat, err := os.Stat(path); err == nil && stat.IsDir() {
		if path, err = inDirectory(path); err != nil {
			return nil, About{}, err
		}
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, About{}, fmt.Errorf("hybrid: opening a model: %w", err)
	}
	defer f.Close()
	return build(f, path, s)
}

// Read is Open for a model file of size bytes that r holds: one that is embedded in a program or came over a network, as a
// bytes.Reader.
func Read(r io.ReaderAt, size int64) (*Network, About, error) {
	f, err := safetensors.Read(r, size)
	if err != nil {
		return nil, About{}, fmt.Errorf("hybrid: reading a model: %w", err)
	}
	return build(f, "reading a model", OpenSettings{})
}

// build makes the network of a file; where is for errors.
func build(f *safetensors.File, where string, s OpenSettings) (*Network, About, error) {
	var n *Network
	err := tensor.Try(func() (err error) {
		n, err = open(f, s)
		return err
	})
	if err != nil && strings.HasPrefix(err.Error(), "safetensors: ") { // it names the path
		return nil, About{}, fmt.Errorf("hybrid: opening a model: %w", err)
	}
	if err != nil {
		return nil, About{}, fmt.Errorf("hybrid: %s: %w", where, err)
	}
	return n, *n.about.clone(), nil
}

// inDirectory returns the model file of a checkpoint.
func inDirectory(dir string) (string, error) {
	path := filepath.Join(dir, checkpointModel)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	hint := "name a model file, or a checkpoint of a run"
	if all, err := filepath.Glob(filepath.Join(dir, "*", checkpointModel)); err == nil && len(all) > 0 {
		hint = "name one of the checkpoints in it, such as " + filepath.Dir(all[len(all)-1])
	}
	return "", fmt.Errorf("hybrid: the directory %s has no file %s: %s", dir, checkpointModel, hint)
}

func open(f *safetensors.File, s OpenSettings) (*Network, error) {
	text, ok := f.Metadata[descriptionKey]
	if !ok {
		why := "its metadata has no entry " + descriptionKey
		if reason, ok := f.Metadata[whyNotKey]; ok {
			why = reason
		}
		return nil, fmt.Errorf("%w (%s): make the network by hybrid.NewNetwork with the settings it was trained with, and fill it with safetensors.Load",
			ErrWeightsAlone, why)
	}
	if err := checkSum(f, text); err != nil {
		return nil, err
	}
	d, err := parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("metadata %s: %w", descriptionKey, err)
	}
	left := values(f)
	n, err := d.network(builder{own: s.Builders, left: &left})
	if err != nil {
		return nil, fmt.Errorf("metadata %s: %w", descriptionKey, err)
	}
	p, err := f.LoadPartial(n, s.Rename)
	if err != nil {
		return nil, err
	}
	if len(p.Missing) > 0 {
		return nil, fmt.Errorf("%d tensors are missing that the metadata tell of, the first is %s", len(p.Missing), p.Missing[0])
	}
	for _, t := range p.Unexpected {
		if isNetworks(t.File) {
			return nil, fmt.Errorf("the tensor %s is not of the network that the metadata tell of", t)
		}
	}
	n.about = d.about().clone()
	return n, nil
}

// checkSum compares the checksum in the metadata with that of the file.
func checkSum(f *safetensors.File, description string) error {
	want, ok := f.Metadata[sumKey]
	if !ok {
		return fmt.Errorf("metadata %s: missing", sumKey)
	}
	if f.Metadata["format"] != "pt" {
		return fmt.Errorf("metadata format: %q in place of \"pt\": the file is damaged, or was changed by another program", f.Metadata["format"])
	}
	h := sha256.New()
	h.Write([]byte(description))
	for _, t := range f.Tensors {
		if !isNetworks(t.Name) {
			continue
		}
		b, err := t.Bytes()
		if err != nil {
			return err
		}
		h.Write(b)
	}
	if is := hex.EncodeToString(h.Sum(nil)); is != want {
		return errors.New("metadata " + sumKey + ": the tensors and the description have another checksum: the file is damaged, or was " +
			"changed by another program: copy it anew, or take the weights as they are with safetensors.Load")
	}
	return nil
}

// isNetworks tells tensors of the network from those that a checkpoint holds besides.
func isNetworks(tensor string) bool { return !strings.HasPrefix(tensor, "losses.") }

// values counts the numbers in a file.
func values(f *safetensors.File) (n float64) {
	for _, t := range f.Tensors {
		switch t.DType {
		case "F32", "F64", "F16", "BF16":
			n += float64(t.Shape.Len())
		}
	}
	return n
}
