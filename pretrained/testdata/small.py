#!/usr/bin/env python3
"""Writes small.pth, a checkpoint of a ResNet-18 with a stem of 2 channels, and small.json, what it gives. Usage: small.py
(python3-torchvision). Images are sin(0.37 i), i over the flattened NHWC tensor.
"""
import json, os
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(1)


class Narrow(ResNet):
    def __init__(self, width, classes):
        nn.Module.__init__(self)
        self._norm_layer, self.inplanes, self.dilation, self.groups, self.base_width = nn.BatchNorm2d, width, 1, 1, 64
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        for i in range(4):
            setattr(self, "layer%d" % (i + 1), self._make_layer(BasicBlock, width << i, 2, 1 if i == 0 else 2))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(8 * width, classes)


net = Narrow(2, 5)
for name, x in net.state_dict().items():
    if x.dim() == 1 and name != "fc.bias":
        x.copy_(torch.rand_like(x) + 0.5 if "weight" in name or "var" in name else torch.randn_like(x) / 4)
shape = (4, 32, 32, 3)
x = torch.sin(0.37 * torch.arange(4 * 32 * 32 * 3, dtype=torch.float64)).view(shape).permute(0, 3, 1, 2)
torch.save({"epoch": 7, "arch": "resnet18", "state_dict": {"module." + k: v for k, v in net.state_dict().items()}}, os.path.join(here, "small.pth"))
net = net.double()
numbers = lambda t: [float("%.8g" % v) for v in t.detach().reshape(-1).tolist()]
with torch.no_grad(), open(os.path.join(here, "small.json"), "w") as f:
    json.dump({"about": "What small.pth gives, by small.py.", "cases": [{"shape": shape, "classes": 5, "eval": numbers(net.eval()(x)), "train": numbers(net.train()(x))}]}, f)
    f.write("\n")
