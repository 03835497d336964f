package source

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkOpen opens the data set at LONGTAIL_DATA without an index, writing one, and by it, and reports what the training set
// takes in memory:
//
//	go run ./examples/inaturalist -photos caltech101 -out inat
//	LONGTAIL_DATA=$PWD/inat go test ./dataset/source -run xxx -bench Open -benchtime 1x
func BenchmarkOpen(b *testing.B) {
	path := os.Getenv("LONGTAIL_DATA")
	if path == "" {
		b.Skip("LONGTAIL_DATA names no data set")
	}
	for range b.N {
		s := Settings{Cache: b.TempDir()}
		for _, name := range []string{"first-s", "again-s"} {
			began := time.Now()
			d, err := Open(context.Background(), path, s)
			require.NoError(b, err)
			b.ReportMetric(time.Since(began).Seconds(), name)
			d.Validation, d.Test = nil, nil
			with := heap()
			n := d.Train.Len()
			runtime.KeepAlive(d)
			d = nil
			b.ReportMetric(float64(with-heap())/float64(n), "bytes/image")
		}
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
