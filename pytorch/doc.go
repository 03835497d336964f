// Package pytorch reads the files of tensors that torch.save writes, .pth and .pt: state dicts, and checkpoints that hold
// one among numbers, text, lists and dicts.
//
// Such a file names its tensors in a pickle, a program for Python that may call any function. This package interprets the
// few instructions and names that tensors need and runs nothing: whatever else a file asks for is refused by its name, such
// as a whole model, whose classes only Python has. The values behind the names are read when they are asked for. Sizes are
// compared with the file's before memory is taken, and a checksum with the values where the file has one.
//
// A file is a safetensors.File, which loads into models and takes renames. Tensors within dicts and lists have the names of
// these before theirs, joined by dots: "state_dict.conv1.weight", "optimizer.state.0.momentum_buffer". Package pretrained
// finds out such prefixes, and which of a model's tensors are meant.
//
// Both formats of torch.save are read: the zip archive of PyTorch 1.6 and later, and the one before, which has no checksums.
// Not read are sparse, quantized and complex tensors, TorchScript, and big-endian files.
package pytorch
