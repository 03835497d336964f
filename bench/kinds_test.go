package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKindOf(t *testing.T) {
	for stack, want := range map[string]string{
		"K.rowTileAVX512 K.rowTile K.(*rowProduct).run K.ConvForward.func1 M/internal/parallel.(*loop).work runtime.goexit": "convolution, forward",
		"K.rowTileAVX2 K.(*rowProduct).run K.ConvInputGrad.func2 M/nn.convGrad":                                             "convolution, input gradient",
		"runtime.memmove K.frame.view K.Conv.addWeightGrad K.ConvWeightGrad.func1":                                          "convolution, weight gradient",
		"K.rowTileAVX512 K.gemm K.Gemm M/blas.Implementation.Sgemm M/loss.(*SupervisedContrastive).Forward":                 "matrix products",
		"K.rowTileAVX512 K.Gemm K.ConvForward M/nn.(*ConvBN).ForwardAdd":                                                    "convolution, forward",
		"K.sumRows.func1 M/internal/parallel.(*loop).work":                                                                  "other kernels",
		"K.channelSumsAVX512 K.ChannelSums.func1 K.sumRows.func1 M/internal/parallel.(*loop).work":                          "batch norm, ReLU, shortcut",
		"K.scaleShiftAVX512 K.ScaleShift.func1":                                                                             "batch norm, ReLU, shortcut",
		"K.scaleShiftAVX512 K.multiplyAdd K.Conv.depthwiseForward.func1":                                                    "convolution, forward",
		"runtime.memmove K.takeChannels.func1 K.GroupedConvForward.func1 K.Conv.eachBundle K.GroupedConvForward":            "convolution, forward",
		"K.reluVec K.Relu.func1":                                                           "batch norm, ReLU, shortcut",
		"K.maxTapAVX2 K.MaxPool.func1":                                                     "pooling",
		"math.archExp K.SumExp M/loss.rows":                                                "losses",
		"runtime.memclrNoHeapPointers M/loss.tiles":                                        "losses",
		"K.sgdMomentumAVX512 K.SGDStep M/optim.(*sgd).Step":                                "optimizer",
		"M/optim.GradNorm M/hybrid.(*run).step":                                            "optimizer",
		"K.addScaledAVX512 K.AddScaled M/autograd.Add":                                     "other kernels",
		"image/jpeg.(*decoder).decode image.Decode M/dataset.Decode":                       "augmentation, decoding",
		"runtime.memmove M/augment.Crop.Apply M/train.(*plan).draw":                        "augmentation, decoding",
		"runtime.memmove M/train.(*plan).draw M/train.(*plan).Fill":                        "augmentation, decoding",
		"runtime.memclrNoHeapPointers M/autograd.(*Tape).Tensor M/nn.(*ConvBN).ForwardAdd": memoryKind,
		"runtime.scanobject runtime.gcDrain runtime.gcBgMarkWorker":                        memoryKind,
		"runtime.futex runtime.mcall":                                                      otherKind,
		"M/autograd.(*Tape).Backward":                                                      otherKind,
		"":                                                                                 otherKind,
	} {
		names := strings.NewReplacer("K.", kernelsPath, "M/", module).Replace(stack)
		require.Equal(t, want, kindOf(strings.Fields(names)), stack)
	}
}

func TestPrintKinds(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, printKinds(&text, []sample{
		{[]string{kernelsPath + "ConvForward"}, 3 * time.Second},
		{[]string{"runtime.memmove"}, time.Second / 2},
		{[]string{kernelsPath + "ConvForward.func1"}, time.Second / 2},
	}, 2*time.Second, 2))
	require.Equal(t, ""+
		"convolution, forward               3.50 s   87.5%\n"+
		"memory: copy, clear, allocate      0.50 s   12.5%\n"+
		"all                                4.00 s in 2.00 s: 2.00 of 2 threads busy\n", text.String())
}
