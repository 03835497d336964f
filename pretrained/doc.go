// Package pretrained puts weights that other programs trained into networks, and writes weights for other programs.
//
// Load reads PyTorch's .pth and .pt files (package pytorch) and safetensors files, as torchvision, timm and the authors of
// papers publish them. It finds the prefix that the file has before the network's names ("module.", "state_dict.",
// "encoder_q."), leaves out a classifier of other classes, and reports what it took, renamed, left and missed. A backbone is
// loaded in whole or not at all: what lacks tensors of it, has more or of another shape, is of another network.
//
// Save writes torchvision's names, which PyTorch loads strictly.
//
// torchvision's weights expect pixels as augment.ImageNetNormalize makes them; what others expect, their authors say.
package pretrained
