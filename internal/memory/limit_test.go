package memory

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimit(t *testing.T) {
	const info = "MemTotal:       1024 kB\nMemFree: 7 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		goes  int64
		want  int64
		of    string
	}{
		"nothing known": {nil, math.MaxInt64, 0, ""},
		"the machine":   {map[string]string{"proc/meminfo": info}, math.MaxInt64, 1 << 20, "the machine"},
		"version 2": {map[string]string{"proc/meminfo": info, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
			"sys/fs/cgroup/a/memory.max": "5000\n"}, math.MaxInt64, 5000, "the container"},
		"version 2, seen from within": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "6000\n"}, math.MaxInt64, 6000, "the container"},
		"version 1": {map[string]string{"proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/y\n", "sys/fs/cgroup/memory/docker/y/memory.limit_in_bytes": "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "7000\n"}, math.MaxInt64, 7000, "the container"},
		"version 1 without a limit": {map[string]string{"proc/meminfo": info, "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, math.MaxInt64, 1 << 20, "the machine"},
		"GOMEMLIMIT":        {map[string]string{"proc/meminfo": info}, 4000, 4000, "GOMEMLIMIT"},
		"files of nonsense": {map[string]string{"proc/meminfo": "MemTotal:", "proc/self/cgroup": "x\n0::/../..\n", "sys/fs/cgroup/memory.max": "many"}, math.MaxInt64, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range c.files {
				path = filepath.Join(root, path)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			bytes, of := limitIn(root, c.goes)
			require.Equal(t, c.want, bytes)
			require.Equal(t, c.of, of)
		})
	}
}

func TestResident(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the system does not tell")
	}
	require.Greater(t, Resident(), int64(1<<20))
}
