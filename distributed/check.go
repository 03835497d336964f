package distributed

import "fmt"

// CheckAllToAll says what is wrong with the arguments of AllToAll. It is for those who write a Communicator.
func CheckAllToAll(c Communicator, send []byte, sent []int, receive []byte, received []int) error {
	if err := checkParts(c, "AllToAll", "send", send, sent); err != nil {
		return err
	}
	if err := checkParts(c, "AllToAll", "receive", receive, received); err != nil {
		return err
	}
	if r := c.Rank(); sent[r] != received[r] {
		return fmt.Errorf("distributed: AllToAll on rank %d: it sends itself %d bytes and receives %d", r, sent[r], received[r])
	}
	return nil
}

// CheckAllGather says what is wrong with the arguments of AllGather.
func CheckAllGather(c Communicator, x []byte, counts []int) error {
	return checkParts(c, "AllGather", "x", x, counts)
}

// CheckBroadcast says what is wrong with the arguments of Broadcast.
func CheckBroadcast(c Communicator, from int) error {
	if from < 0 || from >= c.Size() {
		return fmt.Errorf("distributed: Broadcast on rank %d: from is %d: there are ranks 0 to %d", c.Rank(), from, c.Size()-1)
	}
	return nil
}

func checkParts(c Communicator, op, name string, x []byte, counts []int) error {
	if len(counts) != c.Size() {
		return fmt.Errorf("distributed: %s on rank %d: %d counts for %s: there must be one for each of %d ranks", op, c.Rank(), len(counts), name, c.Size())
	}
	sum := 0
	for i, n := range counts {
		if n < 0 {
			return fmt.Errorf("distributed: %s on rank %d: the part of rank %d in %s has %d bytes", op, c.Rank(), i, name, n)
		}
		sum += n
	}
	if sum != len(x) {
		return fmt.Errorf("distributed: %s on rank %d: the counts for %s sum to %d bytes, it has %d", op, c.Rank(), name, sum, len(x))
	}
	return nil
}
