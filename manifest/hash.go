package manifest

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// HashSamples returns the SHA-256, in hexadecimal, of the images that were chosen: dataset.Indices and dataset.Labels of
// them. The order counts, since samplers draw by position. What is hashed is a text that any tool can make: for each image
// a line of its index in the whole set, a space and its label, in decimal. It is an error if the lengths differ.
func HashSamples(indices, labels []int) (string, error) {
	if len(indices) != len(labels) {
		return "", fmt.Errorf("manifest: %d indices and %d labels to hash: give one label for each index", len(indices), len(labels))
	}
	h := sha256.New()
	w := bufio.NewWriter(h)
	var line []byte
	for i := range indices {
		line = append(strconv.AppendInt(line[:0], int64(indices[i]), 10), ' ')
		line = append(strconv.AppendInt(line, int64(labels[i]), 10), '\n')
		_, _ = w.Write(line) // a hash has no errors
	}
	_ = w.Flush()
	return hex.EncodeToString(h.Sum(nil)), nil
}
