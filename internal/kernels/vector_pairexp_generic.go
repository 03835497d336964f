//go:build !amd64 || noasm

package kernels

func maxToVec(top, x []float32) bool { return false }

func addExpVec(sum, x, top []float32) bool { return false }

func pairExpVec(y, x, top, scale []float32, rowTop, rowScale float32) bool { return false }
