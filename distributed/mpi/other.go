//go:build !linux || !(amd64 || arm64)

package mpi

import (
	"fmt"
	"runtime"

	"github.com/longtail-ml/longtail/distributed"
)

func open(Settings) (distributed.Communicator, error) {
	return nil, fmt.Errorf("mpi: mpirun has started this process, but Open MPI is used on linux/amd64 and linux/arm64 alone, and this program is built for %s/%s",
		runtime.GOOS, runtime.GOARCH)
}
