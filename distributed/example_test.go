package distributed_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/distributed"
)

// Two ranks sum what each has.
func ExampleAllReduce() {
	err := distributed.Run(2, func(c distributed.Communicator) error {
		x := []float32{1, float32(c.Rank())}
		if err := distributed.AllReduce(c, x); err != nil {
			return err
		}
		if c.Rank() == 0 {
			fmt.Println(x)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// [2 1]
	// <nil>
}
