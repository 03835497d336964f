package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/onnx"
)

type exportCmd struct {
	Model      string `arg:"" help:"Folder of a run, a model file, or a checkpoint."`
	Out        string `short:"o" required:"" help:"The ONNX file to write." placeholder:"FILE"`
	Batch      int    `help:"Images that are predicted at once. The default is any number." placeholder:"IMAGES"`
	NCHW       bool   `name:"nchw" help:"Take images channels first, as PyTorch has them: [N, C, H, W]. The default is [N, H, W, C]."`
	Normalize  bool   `help:"Take pixels from 0 to 255 and normalise them inside. The default takes normalised numbers."`
	Softmax    bool   `help:"Give probabilities in place of logits."`
	Embeddings bool   `help:"Give the unit embeddings of the projection head besides."`
	Features   bool   `help:"Give the features of the backbone besides."`
	Fold       bool   `help:"Make batch norm a part of convolutions."`
	JSON       bool   `name:"json" help:"Write JSON."`
}

func (exportCmd) Help() string {
	return `ONNX Runtime and other programs read the file. Class names, and how pictures become the input, are in its metadata.

` + example("longtail export runs/first -o model.onnx", "longtail export runs/first/model.safetensors -o model.onnx --nchw --normalize --softmax")
}

// exported is what is said of a file.
type exported struct {
	File    string   `json:"file"`
	Bytes   int64    `json:"bytes"`
	Input   string   `json:"input"`
	Outputs []string `json:"outputs"`
	Classes int      `json:"classes"`
}

// Run writes the file.
func (e *exportCmd) Run(c *console) error {
	if e.Batch < 0 {
		return misused("--batch=%d must be at least 1", e.Batch)
	}
	if same(e.Model, e.Out) {
		return misused("-o %s is the model itself: name another file", e.Out)
	}
	net, about, err := hybrid.Open(e.Model)
	if err != nil {
		return err
	}
	settings := onnx.Settings{Batch: e.Batch, NCHW: e.NCHW, Normalize: e.Normalize, Softmax: e.Softmax, Embeddings: e.Embeddings, Features: e.Features, FoldBatchNorm: e.Fold}
	if err := onnx.Save(e.Out, net, about, settings); err != nil {
		return err
	}
	info, err := os.Stat(e.Out)
	if err != nil {
		return err
	}
	said := exported{File: e.Out, Bytes: info.Size(), Input: e.input(net.Input()), Outputs: []string{"logits"}, Classes: net.Classes()}
	if e.Softmax {
		said.Outputs[0] = "probabilities"
	}
	if e.Embeddings {
		said.Outputs = append(said.Outputs, "embeddings")
	}
	if e.Features {
		said.Outputs = append(said.Outputs, "features")
	}
	if e.JSON {
		return writeJSON(c, said)
	}
	_, err = fmt.Fprintf(c.out, "%s (%.1f MB) takes %s, and gives %s of %d classes.\n", said.File, float64(said.Bytes)/1e6, said.Input,
		strings.Join(said.Outputs, ", "), said.Classes)
	return err
}

// same says whether two paths lead to one file.
func same(a, b string) bool {
	x, err := os.Stat(a)
	y, failed := os.Stat(b)
	return err == nil && failed == nil && os.SameFile(x, y)
}

// input says what the file takes.
func (e *exportCmd) input(in hybrid.Input) string {
	batch, of := "N", "normalised pixels"
	if e.Batch > 0 {
		batch = fmt.Sprint(e.Batch)
	}
	if e.Normalize {
		of = "pixels from 0 to 255"
	}
	switch {
	case in.Features > 0:
		return fmt.Sprintf("features [%s, %d]", batch, in.Features)
	case e.NCHW:
		return fmt.Sprintf("%s [%s, %d, %d, %d], channels first", of, batch, in.Channels, in.Height, in.Width)
	}
	return fmt.Sprintf("%s [%s, %d, %d, %d], channels last", of, batch, in.Height, in.Width, in.Channels)
}
