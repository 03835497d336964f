package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPeakFMACountsOperations(t *testing.T) {
	require.Positive(t, PeakFMA(1))
	require.Equal(t, 10*PeakFMA(1), PeakFMA(10))
	require.Zero(t, PeakFMA(0))
}

func BenchmarkPeakFMA(b *testing.B) {
	var flops int64
	for b.Loop() {
		flops += PeakFMA(1000)
	}
	b.ReportMetric(float64(flops)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
