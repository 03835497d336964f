package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	module      = "github.com/longtail-ml/longtail/"
	kernelsPath = module + "internal/kernels."
)

// kinds says what counts as what. The outermost kernel that is listed decides, so that the products and copies of a
// convolution count as convolution; otherwise the innermost function of any package that is listed.
var kinds = []struct {
	name      string
	functions []string // how their names start, after the module's path
}{
	{"convolution, forward", kernelNames("ConvForward", "Conv.forward", "(*KeptConv).", "KeepConv", "GroupedConvForward", "Conv.depthwiseForward")},
	{"convolution, input gradient", kernelNames("ConvInputGrad", "Conv.inputGradPlain", "winogradConv.convolve", "winogradConv.weights", "Conv.depthwiseInputGrad")},
	{"convolution, weight gradient", kernelNames("ConvWeightGrad", "Conv.weightGradPlain", "winogradConv.addWeightGrad", "winogradConv.fold", "addPartials", "Conv.depthwiseWeightGrad")},
	{"batch norm, ReLU, shortcut", kernelNames("ChannelSums", "ScaleShift", "BatchNorm", "Norm.", "Relu", "PadStride")},
	{"matrix products", append(kernelNames("Gemm", "Gemv", "Dot"), "blas.")},
	{"pooling", kernelNames("MaxPool", "GlobalAvgPool", "AdaptiveAvgPool")},
	{"losses", append(kernelNames("LogSumExp", "Softmax", "LogSoftmax", "SumExp", "PairExp", "NormalizeRows"), "loss.", "prototype.")},
	{"optimizer", append(kernelNames("SGD", "Adam", "SumSquares"), "optim.")},
	{otherKernels, kernelNames("")},
	{"augmentation, decoding", []string{"augment.", "dataset.", "hybrid.(*ahead)", "train.(*plan)", "internal/prefetch."}},
}

const (
	otherKernels = "other kernels"
	memoryKind   = "memory: copy, clear, allocate"
	otherKind    = "scheduler and other"
)

// memoryFunctions are those of the runtime that move or manage memory.
var memoryFunctions = []string{"memmove", "memclr", "mallocgc", "makeslice", "growslice", "newobject", "gcBgMark", "gcAssist", "gcDrain",
	"gcStart", "bgsweep", "bgscavenge", "sysFault", "sysUsed", "madvise", "(*mheap)", "(*mcache)", "(*mcentral)"}

func kernelNames(names ...string) []string {
	for i := range names {
		names[i] = "internal/kernels." + names[i]
	}
	return names
}

// kindOf is the kind of what the innermost function of a stack does.
func kindOf(stack []string) string {
	listed := func(function string) string {
		if name, ours := strings.CutPrefix(function, module); ours {
			for _, k := range kinds {
				if slices.ContainsFunc(k.functions, func(start string) bool { return strings.HasPrefix(name, start) }) {
					return k.name
				}
			}
		}
		return ""
	}
	for _, function := range slices.Backward(stack) {
		if kind := listed(function); strings.HasPrefix(function, kernelsPath) && kind != otherKernels {
			return kind
		}
	}
	for _, function := range stack {
		if kind := listed(function); kind != "" {
			return kind
		}
	}
	for _, function := range stack {
		name, runtime := strings.CutPrefix(function, "runtime.")
		if runtime && slices.ContainsFunc(memoryFunctions, func(start string) bool { return strings.HasPrefix(name, start) }) {
			return memoryKind
		}
	}
	return otherKind
}

// printKinds writes the CPU time of each kind that has any.
func printKinds(w io.Writer, samples []sample, wall time.Duration, threads int) error {
	times, total := map[string]time.Duration{}, time.Duration(0)
	for _, s := range samples {
		times[kindOf(s.stack)] += s.time
		total += s.time
	}
	names := []string{}
	for _, k := range kinds {
		names = append(names, k.name)
	}
	for _, name := range append(names, memoryKind, otherKind) {
		if t := times[name]; t > 0 {
			if _, err := fmt.Fprintf(w, "%-30s %8.2f s %6.1f%%\n", name, t.Seconds(), 100*t.Seconds()/total.Seconds()); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%-30s %8.2f s in %.2f s: %.2f of %d threads busy\n", "all", total.Seconds(), wall.Seconds(),
		total.Seconds()/wall.Seconds(), threads)
	return err
}
