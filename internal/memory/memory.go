// Package memory says whether the system has memory for a large allocation. Go ends the program where it has not, and no
// recover stops that.
package memory

// small is what nobody is asked about, since it costs nothing against its asking: 256 MiB.
const small = 1 << 28

// Has reports whether the system would give so many bytes now. Other goroutines may take them before the caller does.
func Has(bytes int64) bool {
	return bytes < small || int64(int(bytes)) == bytes && has(int(bytes))
}
