// Package alloctest lets tests bound the memory that a reader takes by the bytes that it is given.
package alloctest

import (
	"runtime"

	"github.com/stretchr/testify/require"
)

// Bytes is how many bytes f takes, all told, of which many may have been free again before it ended.
func Bytes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Justified checks that reading so many bytes takes no more memory than they justify: 16 MB, and 64 times as much as they are.
func Justified(t require.TestingT, bytes int, read func()) {
	if taken, most := Bytes(read), uint64(16<<20+64*bytes); taken > most {
		t.Errorf("reading %d bytes took %d bytes of memory, more than %d", bytes, taken, most)
		t.FailNow()
	}
}
