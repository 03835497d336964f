// Package mpi connects processes and machines by Open MPI, which clusters have: what mpirun starts becomes one job.
//
//	ranks, err := mpi.Open(mpi.Settings{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	trainer.Ranks = ranks
//
// The library, libmpi.so.40 of Open MPI 4 and 5 (Debian and Ubuntu: libopenmpi3), is loaded when Open is called in a process that
// mpirun or srun has started, and only then: there is no cgo, and a program that is not started so needs no MPI. It needs glibc,
// though, even where it is built with CGO_ENABLED=0: with the tag nompi it is static as before, and has one process.
//
// One thread makes all calls (MPI_THREAD_FUNNELED). Messages go from every rank to every other; while a rank waits it sleeps in
// between, so that the processors stay free for what else it does.
//
// What ends a job: a process that ends before Close, killed or by an exit of its own, makes mpirun end all others and say which it
// was. So a program that has an error exits, and calls Close only when all is well. A rank that waits longer than Settings.Timeout
// for another gets an error that names it.
package mpi

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/longtail-ml/longtail/distributed"
)

// Settings are what Open makes a Communicator of.
type Settings struct {
	// Library is the file that has MPI; "" means libmpi.so.40, which the system looks for.
	Library string
	// Timeout is how long a rank waits for another before it takes it for hung; 0 means 10 minutes. It must be longer than what
	// one rank does while others wait, such as saving a checkpoint.
	Timeout time.Duration
}

// Launched reports whether mpirun, or Slurm's srun --mpi=pmix with several tasks, has started this process.
func Launched() bool {
	if os.Getenv("OMPI_COMM_WORLD_SIZE") != "" {
		return true
	}
	tasks := os.Getenv("SLURM_STEP_NUM_TASKS")
	return os.Getenv("PMIX_RANK") != "" && tasks != "" && tasks != "1"
}

// Open joins the job that this process was started in. All of its processes must call it, once each. Where there is no job it
// returns distributed.Alone.
//
// That Open MPI is not there is an error that says what to install.
func Open(s Settings) (distributed.Communicator, error) {
	if s.Timeout < 0 {
		return nil, fmt.Errorf("mpi: Settings.Timeout %v must not be negative", s.Timeout)
	}
	if !Launched() {
		return distributed.Alone{}, nil
	}
	s.Timeout = cmp.Or(s.Timeout, 10*time.Minute)
	return open(s)
}

// LateError says for which ranks an operation has waited longer than Settings.Timeout.
type LateError struct {
	Ranks  []int
	Waited time.Duration
	names  []string // of Ranks, with their machines
}

func (l *LateError) Error() string {
	return fmt.Sprintf("waited %v for %s: it hangs, does something else than the others, or takes longer than Settings.Timeout allows", l.Waited,
		strings.Join(l.names, ", "))
}
