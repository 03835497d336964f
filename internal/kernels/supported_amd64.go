//go:build !noasm

package kernels

import "golang.org/x/sys/cpu"

// supported are the instruction sets that the processor has, of those that kernels are written for.
func supported() instructions {
	var sets instructions
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasBMI2 {
		sets |= avx2
	}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		sets |= avx512
		if x.HasAVX512BF16 {
			sets |= avx512bf16
		}
	}
	return sets
}
