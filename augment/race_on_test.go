//go:build race

package augment

const raceDetector = true // under it, sync.Pool forgets memory at random
