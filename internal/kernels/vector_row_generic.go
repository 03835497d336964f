//go:build !amd64 || noasm

package kernels

func dotWideVec(x, y []float32) (float64, bool) { return 0, false }

func scaleWideVec(y, x []float32, scale float64) bool { return false }

func addTangentVec(dx, dy, y []float32, dot, scale float64) bool { return false }

func maxTapVec(best []float32, arg []int32, x []float32, pixel int32) bool { return false }

func addWideVec(sum []float64, x []float32) bool { return false }

func sigmoidVec(y, x []float32) bool { return false }

func tanhVec(y, x []float32) bool { return false }
