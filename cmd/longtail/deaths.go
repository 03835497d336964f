package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/distributed"
)

// seat is where a rank runs.
type seat struct {
	host    string
	process int
}

// seats are those of all ranks.
func seats(ranks distributed.Communicator) ([]seat, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown machine"
	}
	texts, err := distributed.Gather(ranks, fmt.Append(nil, os.Getpid(), " ", host))
	if err != nil {
		return nil, err
	}
	all := make([]seat, len(texts))
	for r, text := range texts {
		if _, err := fmt.Sscanf(string(text), "%d", &all[r].process); err != nil {
			return nil, fmt.Errorf("the process of rank %d: %w", r, err)
		}
		_, all[r].host, _ = strings.Cut(string(text), " ")
	}
	return all, nil
}

// dead reports whether the process is gone. Those of other machines cannot be seen.
func (s seat) dead(host string) bool {
	if s.host != host {
		return false
	}
	p, err := os.FindProcess(s.process)
	if err == nil {
		err = p.Signal(syscall.Signal(0))
	}
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}

// lastWords names the ranks that have died, as far as this one sees, and the newest checkpoint that there is: mpirun stops all ranks when one
// has died, and may leave no time for another. One rank of each machine has something to say, the first that lives; "" for others.
func lastWords(all []seat, rank int, dir string) string {
	var died []string
	for r, s := range all {
		switch {
		case s.dead(all[rank].host):
			died = append(died, fmt.Sprint(r))
		case r < rank && s.host == all[rank].host:
			return ""
		}
	}
	var parts []string
	if died != nil {
		parts = append(parts, fmt.Sprintf("rank %s on %s has died", strings.Join(died, ", "), all[rank].host))
	}
	if path := newest(dir); path != "" {
		parts = append(parts, "the newest checkpoint so far is "+path)
	}
	return strings.Join(parts, "; ")
}

// newest is the path of the newest checkpoint of a run, "" if there is none to be seen.
func newest(dir string) string {
	all, err := checkpoint.Store{Dir: filepath.Join(dir, "checkpoints")}.List()
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}
