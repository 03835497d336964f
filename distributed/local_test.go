package distributed_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/distributed"
)

// values are those of a rank, of very different sizes, so that the order of sums shows.
func values(n, rank int) []float32 {
	x := make([]float32, n)
	h := uint32(rank + 1)
	for i := range x {
		h = h*1664525 + 1013904223
		x[i] = float32(int32(h)) / float32(int(1)<<(h>>27))
	}
	return x
}

func TestAllReduceSumsInTheOrderOfRanks(t *testing.T) {
	for _, ranks := range []int{1, 2, 3, 5} {
		for _, n := range []int{0, 1, 2, 7, 1000, 4<<20 + 3} {
			if n > 1000 && ranks != 3 {
				continue
			}
			want := values(n, 0)
			for r := 1; r < ranks; r++ {
				for i, v := range values(n, r) {
					want[i] += v
				}
			}
			require.NoError(t, distributed.Run(ranks, func(c distributed.Communicator) error {
				x := values(n, c.Rank())
				if err := distributed.AllReduce(c, x); err != nil {
					return err
				}
				for i := range x {
					if x[i] != want[i] {
						return fmt.Errorf("rank %d of %d: sum %d of %d is %v, want %v", c.Rank(), ranks, i, n, x[i], want[i])
					}
				}
				wide := []float64{1 / float64(c.Rank()+3), float64(c.Rank())}
				sum := 0.0
				for r := range ranks {
					sum += 1 / float64(r+3)
				}
				if err := distributed.AllReduce(c, wide); err != nil || wide[0] != sum || wide[1] != float64(ranks*(ranks-1)/2) {
					return fmt.Errorf("rank %d: %v, %w", c.Rank(), wide, err)
				}
				return nil
			}))
		}
	}
}

func TestGatherSendAndBroadcast(t *testing.T) {
	require.NoError(t, distributed.Run(3, func(c distributed.Communicator) error {
		all, err := distributed.Gather(c, []byte(fmt.Sprint("rank ", c.Rank())[:4+c.Rank()]))
		if err != nil || string(all[0]) != "rank" || string(all[1]) != "rank " || string(all[2]) != "rank 2" {
			return fmt.Errorf("Gather: %q, %w", all, err)
		}
		sent, err := distributed.Send(c, []byte(fmt.Sprint("of ", c.Rank())), 1)
		if err != nil || string(sent) != "of 1" {
			return fmt.Errorf("Send: %q, %w", sent, err)
		}
		x := []int32{int32(c.Rank()), 7}
		if err := distributed.Broadcast(c, x, 2); err != nil || x[0] != 2 {
			return fmt.Errorf("Broadcast: %v, %w", x, err)
		}
		uneven := make([]float32, 5)
		from, to := distributed.Shard(5, c.Rank(), 3)
		for i := from; i < to; i++ {
			uneven[i] = float32(i)
		}
		if err := distributed.AllGather(c, uneven, distributed.Shards(5, 3)); err != nil {
			return err
		}
		for i, v := range uneven {
			if v != float32(i) {
				return fmt.Errorf("AllGather: %v", uneven)
			}
		}
		return c.Barrier()
	}))
}

func TestShards(t *testing.T) {
	require.Equal(t, []int{3, 2, 2}, distributed.Shards(7, 3))
	require.Equal(t, []int{1, 1, 0, 0}, distributed.Shards(2, 4))
	at := 0
	for r := range 5 {
		from, to := distributed.Shard(13, r, 5)
		require.Equal(t, at, from)
		at = to
	}
	require.Equal(t, 13, at)
}

func TestRanksThatDifferAreErrors(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(distributed.Communicator) error
		want []string
	}{
		"operation": {func(c distributed.Communicator) error {
			if c.Rank() == 1 {
				return c.Barrier()
			}
			return distributed.AllReduce(c, make([]float32, 4))
		}, []string{"rank 1", "Barrier", "AllToAll"}},
		"length": {func(c distributed.Communicator) error {
			return distributed.AllReduce(c, make([]float32, 4+4*c.Rank()))
		}, []string{"12 bytes", "expects 8"}},
		"from": {func(c distributed.Communicator) error {
			return distributed.Broadcast(c, make([]float32, 4), c.Rank())
		}, []string{"Broadcast", "rank 1"}},
		"rank that leaves": {func(c distributed.Communicator) error {
			if c.Rank() == 1 {
				return nil
			}
			return c.Barrier()
		}, []string{"Barrier", "rank 1 has left"}},
		"rank that there is not": {func(c distributed.Communicator) error { return c.Broadcast(nil, 3) }, []string{"from is 3", "0 to 2"}},
		"counts":                 {func(c distributed.Communicator) error { return c.AllGather(make([]byte, 5), []int{1, 2, 3}) }, []string{"6 bytes", "5"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := distributed.Run(3, c.do)
			require.Error(t, err)
			for _, w := range c.want {
				require.ErrorContains(t, err, w)
			}
		})
	}
}

func TestAloneHasOneRank(t *testing.T) {
	c := distributed.Alone{}
	require.Equal(t, 1, c.Size())
	x := []float32{3}
	require.NoError(t, distributed.AllReduce(c, x))
	require.NoError(t, distributed.AllGather(c, x, []int{1}))
	require.Equal(t, []float32{3}, x)
	to := make([]byte, 2)
	require.NoError(t, c.AllToAll([]byte{1, 2}, []int{2}, to, []int{2}))
	require.Equal(t, []byte{1, 2}, to)
	require.Error(t, c.Broadcast(nil, 1))
	require.NoError(t, errors.Join(c.Barrier(), c.Close()))
}
