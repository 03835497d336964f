//go:build !amd64 || noasm

package kernels

func sgdVec(s SGD, value, buf, grad []float32) bool { return false }

func adamVec(a Adam, value, mean, square, grad []float32) bool { return false }
