//go:build !linux || !(amd64 || arm64) || nompi

package mpi

import (
	"fmt"
	"runtime"

	"github.com/longtail-ml/longtail/distributed"
)

func open(Settings) (distributed.Communicator, error) {
	return nil, fmt.Errorf("mpi: mpirun has started this process, but the program is built without Open MPI: build it for linux/amd64 or linux/arm64 (it is "+
		"for %s/%s), without the tag nompi", runtime.GOOS, runtime.GOARCH)
}
