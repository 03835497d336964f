// Package onnx writes networks as ONNX files, for ONNX Runtime and whatever else reads them, and makes backbones of ONNX
// files.
//
// Save and Export write what a network does in evaluation: they run it once on few images, and give each operation of the
// trace its ONNX form (opset 17). Operations of your own get one by Settings.Operations.
//
// Open makes a backbone.Backbone of a file's graph and weights, which computes with this library's operations and can be
// trained. Files are not trusted: reading one takes memory in proportion to it, and no result of a backbone may be out of
// proportion to its input and weights.
package onnx
