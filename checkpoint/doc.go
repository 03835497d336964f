// Package checkpoint keeps the checkpoints of a run: what it needs to go on as if it had never stopped.
//
// A Store is a directory that holds a directory for each checkpoint: the run's tensors in safetensors files, run.json,
// which says where it stood, a manifest if wanted, and the checksums of all of them. A checkpoint is there whole or not
// at all, and one that is damaged is found and passed over. Checksums find accidents, not forgers.
//
// Package safetensors reads and writes the files themselves, such as the weights of a network that is done.
package checkpoint
