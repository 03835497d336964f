// Package distributed lets several processes train one network, each on its part of every batch: what they exchange, and in
// which order it is summed.
//
// A Communicator connects the ranks of a job. Alone is a job of one process, Local connects goroutines of one process, for
// tests and for trying things out; package distributed/mpi connects processes and machines by Open MPI. All ranks must call
// the same operations in the same order, with parts of the same lengths.
//
// Sums are the same bits on every rank and in every run with the same number of ranks: AllReduce adds in the order of ranks,
// in the type of the numbers. Numbers travel as they lie in memory, so that all ranks must have one byte order, as all
// processors that this module is built for do.
package distributed

// Communicator connects the ranks of a job. Each operation is one of all ranks: it returns when what this rank takes part in is
// done, and its memory belongs to the operation until then. A rank uses its Communicator from one goroutine at a time.
//
// An error says which rank it is about. After one a Communicator is of no use any more: others may have gone further than
// this rank, or wait for it.
type Communicator interface {
	Rank() int // from 0
	Size() int // the number of ranks
	// AllToAll sends the parts of send, one for each rank one after the other, of so many bytes each, and receives the parts
	// that all ranks have for this one.
	AllToAll(send []byte, sent []int, receive []byte, received []int) error
	// AllGather fills x, the parts of all ranks one after the other, of so many bytes each. This rank's is in its place
	// already.
	AllGather(x []byte, counts []int) error
	// Broadcast makes x what it is on the rank from.
	Broadcast(x []byte, from int) error
	// Barrier waits until all ranks have come to it.
	Barrier() error
	// Close ends this rank's part in the job, when it needs no other any more.
	Close() error
}

// Alone is a job of one process, to which there is nothing to send.
type Alone struct{}

func (Alone) Rank() int { return 0 }
func (Alone) Size() int { return 1 }

// AllToAll copies send.
func (Alone) AllToAll(send []byte, sent []int, receive []byte, received []int) error {
	if err := CheckAllToAll(Alone{}, send, sent, receive, received); err != nil {
		return err
	}
	copy(receive, send)
	return nil
}

func (Alone) AllGather(x []byte, counts []int) error { return CheckAllGather(Alone{}, x, counts) }
func (Alone) Broadcast(_ []byte, from int) error     { return CheckBroadcast(Alone{}, from) }
func (Alone) Barrier() error                         { return nil }
func (Alone) Close() error                           { return nil }
