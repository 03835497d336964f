package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// peakMB is the largest resident size of the process so far; 0 where the system does not tell.
func peakMB() int { return peakKB() >> 10 }

func peakKB() int {
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
	return kb
}

// settledMB gives memory back that is no longer used and returns the resident size, from which peakMB then starts anew:
// what making the inputs took for a while does not count.
func settledMB() int {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux alone; elsewhere the peak stays
	return peakMB()
}

// cpuSeconds is the time that processors have spent on the process, to a hundredth; 0 where the system does not tell.
func cpuSeconds() float64 {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}
