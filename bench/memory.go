package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// peakMB is the largest resident size of the process so far; 0 where the system does not tell.
func peakMB() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.Atoi(fields[0])
	return kb >> 10
}

// settledMB gives memory back that is no longer used and returns the resident size, from which peakMB then starts anew:
// what making the inputs took for a while does not count.
func settledMB() int {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux alone; elsewhere the peak stays
	return peakMB()
}
