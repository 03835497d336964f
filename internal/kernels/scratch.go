package kernels

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// scratch is working memory that is kept between calls.
type scratch struct{ data []float32 }

// scratchPools holds scratch by size: pool i that of capacity 1<<i.
var scratchPools [bits.UintSize]sync.Pool

// scratchMade is how many bytes of scratch were made so far.
var scratchMade atomic.Int64

// ScratchMade returns how many bytes of working memory kernels have made in this process so far; some may be gone.
func ScratchMade() int64 { return scratchMade.Load() }

// getScratch returns n elements of unspecified content; putScratch takes them back.
func getScratch(n int) *scratch {
	class := bits.Len(uint(max(n, 1) - 1))
	s, ok := scratchPools[class].Get().(*scratch)
	if !ok {
		s = &scratch{make([]float32, 1<<class)}
		scratchMade.Add(4 << class)
	}
	s.data = s.data[:n]
	return s
}

func putScratch(s *scratch) {
	scratchPools[bits.Len(uint(cap(s.data)-1))].Put(s)
}
