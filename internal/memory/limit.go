package memory

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// Limit returns how many bytes this process may have, and who says so: the container (cgroup v1 or v2), GOMEMLIMIT or the
// machine, whichever is least. 0: nobody tells.
func Limit() (bytes int64, of string) { return limitIn("/", debug.SetMemoryLimit(-1)) }

// limitIn reads the files of the system under root.
func limitIn(root string, goLimit int64) (bytes int64, of string) {
	least := func(n int64, who string) {
		if n > 0 && n < 1<<60 && (bytes == 0 || n < bytes) { // cgroup v1 writes a huge number for none
			bytes, of = n, who
		}
	}
	least(machine(filepath.Join(root, "proc/meminfo")), "the machine")
	groups, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	for _, line := range strings.Split(string(groups), "\n") {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) < 3 {
			continue
		}
		top, file := "sys/fs/cgroup", "memory.max"
		switch {
		case fields[1] == "memory":
			top, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case fields[1] != "":
			continue
		}
		// Every group around the process limits it; within a container its own may be the root.
		for dir := filepath.Clean("/" + fields[2]); ; dir = filepath.Dir(dir) {
			least(number(filepath.Join(root, top, dir, file)), "the container")
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	if goLimit < math.MaxInt64 {
		least(goLimit, "GOMEMLIMIT")
	}
	return bytes, of
}

// number is that of a file; 0 for "max", or none.
func number(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}

// machine is the memory that there is.
func machine(meminfo string) int64 {
	text, _ := os.ReadFile(meminfo)
	return 1024 * field(string(text), "MemTotal:")
}

// Resident returns how much memory this process has now, in bytes; 0 where the system does not tell.
func Resident() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	return 1024 * field(string(text), "VmRSS:")
}

// field is the number behind a name.
func field(text, name string) int64 {
	_, after, _ := strings.Cut(text, name)
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[0], 10, 64)
	return n
}
