package tensor

// roomValues is how many values a tensor may have before the system is asked whether it has so much memory: 256 MiB, which
// asking is nothing against.
const roomValues = 1 << 26

// room reports whether the system would give memory for n values. Go ends the program where it does not, and no recover
// stops that.
func room(n int) bool { return n < roomValues || systemHas(4*n) }
