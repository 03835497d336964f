#!/usr/bin/env python3
"""Writes photographs.json: small ResNets of torchvision's blocks in float64. Usage: photographs.py (python3-torchvision).

Every tensor is offset + scale*uniform(ordinal, i), i over the flattened OIHW or NCHW tensor. Features are of evaluation, with
these running statistics, and then of training; gradients are of the latter, of sum(features * sin(i)), i over the features.
"""
import json, math, os
import numpy as np, torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

torch.set_default_dtype(torch.float64)


def uniform(ordinal, n):
    """n numbers in [-1, 1): splitmix64's output mix of (ordinal*2^32 + i + 1)*0x9E3779B97F4A7C15, top 53 bits / 2^52 - 1."""
    with np.errstate(over="ignore"):
        z = (np.uint64(ordinal) * np.uint64(2**32) + np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return torch.from_numpy((z >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0)


class Narrow(ResNet):
    """torchvision's ResNet with a stem of another width, without fc."""

    def __init__(self, block, blocks, width, groups, group_width):
        nn.Module.__init__(self)
        self._norm_layer, self.inplanes, self.dilation, self.groups = nn.BatchNorm2d, width, 1, groups
        self.base_width = 64 * group_width / width if block is Bottleneck else 64
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        for i, n in enumerate(blocks):
            setattr(self, "layer%d" % (i + 1), self._make_layer(block, width << i, n, 1 if i == 0 else 2))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Identity()


def numbers(t):
    return [float("%.7g" % v) for v in t.detach().reshape(-1).tolist()]


def T(t):
    return {"shape": list(t.shape), "data": numbers(t)}


cases = []
for depth, block, blocks, width, groups, group_width in [(18, BasicBlock, (2, 2, 2, 2), 8, 1, 8), (50, Bottleneck, (3, 4, 6, 3), 4, 1, 4),
                                                         (50, Bottleneck, (3, 4, 6, 3), 8, 4, 2)]:
    net, table, shape = Narrow(block, blocks, width, groups, group_width), [], [8, 3, 64, 44]
    for k, (name, p) in enumerate(net.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        scale = math.sqrt(6 / p[0].numel()) if p.dim() > 1 else 0.2
        offset = 1.0 if p.dim() == 1 and (name.endswith("weight") or name.endswith("var")) else 0.0
        with torch.no_grad():
            p.copy_((offset + scale * uniform(k, p.numel())).view_as(p))
        table.append(dict(name=name, shape=list(p.shape), ordinal=k, scale=scale, offset=offset))
    x = 2 * uniform(999, math.prod(shape)).view(shape)
    net.eval()
    d = dict(depth=depth, width=width, groups=groups, group_width=group_width, weights=table,
             input=dict(shape=shape, ordinal=999, scale=2.0), eval=T(net(x)))
    net.train()
    y = net(x)
    dy = torch.sin(torch.arange(y.numel(), dtype=torch.float64)).view_as(y)
    y.backward(dy)
    d.update(features=T(y), gradients=[dict(name=n, norm=p.grad.norm().item()) for n, p in net.named_parameters()],
             statistics=[dict(name=n, sum=b.sum().item()) for n, b in net.named_buffers() if "running" in n])
    cases.append(d)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "photographs.json"), "w") as f:
    json.dump({"about": "Small ResNets of torchvision's blocks, written by photographs.py.", "cases": cases}, f, separators=(",", ":"))
    f.write("\n")
