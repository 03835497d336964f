package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/distributed/mpi"
	"github.com/longtail-ml/longtail/internal/terminal"
)

// started says as which rank of how many mpirun or srun has started this process, by the environment alone; "" for neither.
func started() (rank, size string) {
	if !mpi.Launched() {
		return "", ""
	}
	return cmp.Or(os.Getenv("OMPI_COMM_WORLD_RANK"), os.Getenv("PMIX_RANK")), cmp.Or(os.Getenv("OMPI_COMM_WORLD_SIZE"), os.Getenv("SLURM_STEP_NUM_TASKS"))
}

// together trains on one of several ranks. Rank 0 alone writes. Those that are stopped leave together, since mpirun ends the others as
// soon as one exits; one that fails exits at once, so that it does.
func together(ctx context.Context, c *console, ranks distributed.Communicator, t *trainCmd) error {
	own := c
	if ranks.Rank() > 0 {
		own = &console{terminal.NewStream(io.Discard), terminal.NewStream(io.Discard)}
	} else {
		fmt.Fprintf(c.log, "%d ranks train together, this one on %d processors\n", ranks.Size(), runtime.GOMAXPROCS(0))
		if runtime.GOMAXPROCS(0) == 1 {
			fmt.Fprintln(c.log, "mpirun gives each rank one processor: with --bind-to none it has those of its machine")
		}
	}
	all, err := seats(ranks)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		if words := lastWords(all, ranks.Rank(), t.Out); words != "" {
			fmt.Fprintln(c.log, words)
		}
	})
	defer stop()
	err = t.train(ctx, own, ranks)
	if err == nil {
		return ranks.Close()
	}
	if errors.Is(err, context.Canceled) { // all are, and one saves
		closed := make(chan error, 1)
		go func() { closed <- ranks.Close() }()
		select {
		case <-closed:
		case <-time.After(time.Minute):
		}
	}
	if late := (&mpi.LateError{}); errors.As(err, &late) {
		if path := newest(t.Out); path != "" {
			err = fmt.Errorf("%w; the newest checkpoint so far is %s", err, path)
		}
	}
	switch {
	case ranks.Rank() == 0:
		return err
	case errors.Is(err, context.Canceled):
		return exitError{stopped, errors.New("")} // rank 0 tells it
	}
	err = fmt.Errorf("on rank %d: %w", ranks.Rank(), err)
	if e := (exitError{}); errors.As(err, &e) {
		return exitError{e.code, err}
	}
	return err
}
