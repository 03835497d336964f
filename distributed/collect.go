package distributed

import (
	"fmt"
	"unsafe"
)

// Number is what travels between ranks.
type Number interface {
	~int32 | ~int64 | ~float32 | ~float64
}

// Shard returns which of n things, from from up to to, belong to a rank: all ranks have as many, but for one.
func Shard(n, rank, size int) (from, to int) {
	part := func(r int) int { return n/size*r + min(r, n%size) }
	return part(rank), part(rank + 1)
}

// Shards returns how many of n things belong to each rank.
func Shards(n, size int) []int {
	counts := make([]int, size)
	for r := range counts {
		from, to := Shard(n, r, size)
		counts[r] = to - from
	}
	return counts
}

// AllGather fills x, the parts of all ranks one after the other, of so many numbers each. This rank's is in its place already.
func AllGather[T Number](c Communicator, x []T, counts []int) error {
	return c.AllGather(bytesOf(x), inBytes[T](counts))
}

// Broadcast makes x what it is on the rank from.
func Broadcast[T Number](c Communicator, x []T, from int) error {
	return c.Broadcast(bytesOf(x), from)
}

// Gather returns what every rank gives, of any lengths, in the order of ranks.
func Gather(c Communicator, mine []byte) ([][]byte, error) {
	lengths, ones := make([]int64, c.Size()), Shards(c.Size(), c.Size())
	lengths[c.Rank()] = int64(len(mine))
	if err := AllGather(c, lengths, ones); err != nil {
		return nil, err
	}
	const most = 1 << 30
	counts, sum := make([]int, c.Size()), 0
	for r, n := range lengths {
		if n < 0 || n > most || int64(sum)+n > most {
			return nil, fmt.Errorf("distributed: Gather: %d bytes of rank %d and %d of those before it: 1 GiB is the most", n, r, sum)
		}
		counts[r] = int(n)
		sum += counts[r]
	}
	all := make([]byte, sum)
	out := make([][]byte, c.Size())
	at := 0
	for r, n := range counts {
		out[r] = all[at : at+n : at+n]
		at += n
	}
	copy(out[c.Rank()], mine)
	return out, c.AllGather(all, counts)
}

// Send gives all ranks the bytes that the rank from has, of any length, and returns them.
func Send(c Communicator, x []byte, from int) ([]byte, error) {
	length := []int64{int64(len(x))}
	if err := Broadcast(c, length, from); err != nil {
		return nil, err
	}
	if n := length[0]; n < 0 || n > 1<<30 {
		return nil, fmt.Errorf("distributed: Send: %d bytes of rank %d: 1 GiB is the most", n, from)
	}
	if c.Rank() != from {
		x = make([]byte, length[0])
	}
	return x, c.Broadcast(x, from)
}

func bytesOf[T Number](x []T) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(x[0])))
}

func inBytes[T Number](counts []int) []int {
	var one T
	out := make([]int, len(counts))
	for i, n := range counts {
		out[i] = n * int(unsafe.Sizeof(one))
	}
	return out
}
