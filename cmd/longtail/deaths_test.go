package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/stretchr/testify/require"
)

// The first rank that lives on a machine names those that have died there.
func TestLastWords(t *testing.T) {
	ended := exec.Command(os.Args[0], "-test.run=^$")
	require.NoError(t, ended.Run())
	gone, here := ended.Process.Pid, os.Getpid()
	all := []seat{{"a", gone}, {"a", here}, {"b", here}, {"a", gone}, {"a", here}}
	require.Equal(t, "rank 0, 3 on a has died", lastWords(all, 1, t.TempDir()))
	require.Empty(t, lastWords(all, 4, t.TempDir()), "rank 1 has said it")
	require.Empty(t, lastWords(all, 2, t.TempDir()), "what other machines do is not seen")

	require.NoError(t, distributed.Run(3, func(c distributed.Communicator) error {
		all, err := seats(c)
		if err != nil {
			return err
		}
		host, err := os.Hostname()
		require.Equal(t, []seat{{host, here}, {host, here}, {host, here}}, all)
		return err
	}))
}
