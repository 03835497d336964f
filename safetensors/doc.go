// Package safetensors reads and writes safetensors files, which hold named tensors and text about them
// (https://huggingface.co/docs/safetensors). PyTorch, JAX and others read and write them too.
//
// Save writes whatever an nn.Visitable shows: parameters and buffers as little-endian F32 tensors under their paths, in
// visiting order, then other state as U8 tensors. Convolution weights lie in files as PyTorch has them, [O, I, KH, KW].
// What is loaded into the same model has the same bits. A file is replaced in one step or not at all, and a model is
// changed in whole or not at all.
//
// Load is strict: file and model must name the same tensors in the same shapes. LoadPartial takes what is there and
// tells what is not. A Rename maps the file's names to the model's. Both accept F32, F64, F16 and BF16, converted to float32, and pass over the I64 counters
// "num_batches_tracked" of PyTorch's batch norm.
//
// Open and Read show any safetensors file without a model: its metadata, and each tensor, of any type, when it is asked
// for. Files that break a rule of the format are refused: nothing is guessed, and a damaged header costs no memory beyond
// the file's own size.
//
// PyTorch's own .pt and .pth files are read by package pytorch, which gives a File too; package pretrained loads weights of
// other programs from both.
//
// Limits: a safetensors file has no checksum, so a flipped bit within a tensor goes unnoticed (package checkpoint keeps checksums, and so do the model files of package
// hybrid).
package safetensors
