#!/usr/bin/env python3
"""Writes small files of torch.save, and files.json with what is in them. Usage: files.py (python3-torch)."""
import collections, json, os
import torch

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(1)
base = torch.arange(24, dtype=torch.float32)
layers = torch.nn.Sequential(torch.nn.Conv2d(2, 3, (1, 2)), torch.nn.BatchNorm2d(3))
sgd = torch.optim.SGD(layers.parameters(), 0.1, momentum=0.9)
layers(torch.randn(2, 2, 3, 3)).sum().backward()
sgd.step()
value = collections.OrderedDict(
    epoch=3, lr=0.125, arch="tiny", done=False, nothing=None, large=2**40, negative=-5, huge=2**80, raw=b"ab", milestones=collections.Counter([30, 60]), size=torch.Size([1, 2]),
    state_dict=layers.state_dict(), optimizer=sgd.state_dict(), parameter=torch.nn.Parameter(torch.tensor([1.5, -2.0])),
    views=[base[4:10].view(2, 3), base.view(4, 6).t(), base.view(2, 3, 4)[:, 1:, ::2], base[3], base[:0].view(0, 7)],
    types=(torch.tensor([1.5, -0.25]).half(), torch.tensor([1.5, -3.0]).bfloat16(), torch.tensor([0.1], dtype=torch.float64),
           torch.tensor([-7, 2**40]), torch.tensor([-7], dtype=torch.int32), torch.tensor([-7], dtype=torch.int16),
           torch.tensor([-7], dtype=torch.int8), torch.tensor([250], dtype=torch.uint8), torch.tensor([True, False])))
expected = {}


def walk(name, v):
    if isinstance(v, torch.Tensor):
        expected[name] = dict(dtype=str(v.dtype), shape=list(v.shape), data=v.detach().double().reshape(-1).tolist())
    items = v.items() if isinstance(v, dict) else enumerate(v) if isinstance(v, (list, tuple)) else ()
    for k, x in items:
        walk(f"{name}.{k}" if name else str(k), x)


walk("", value)
torch.save(value, os.path.join(here, "zip.pth"))
torch.save(value, os.path.join(here, "protocol4.pth"), pickle_protocol=4)
torch.save(value, os.path.join(here, "legacy.pth"), _use_new_zipfile_serialization=False)
torch.save(layers, os.path.join(here, "model.pth"))
torch.save(base, os.path.join(here, "tensor.pth"))
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), os.path.join(here, "script.pt"))
with open(os.path.join(here, "files.json"), "w") as f:
    json.dump(expected, f, indent=1)
    f.write("\n")
