#!/usr/bin/env python3
"""Writes layers.json: layers' outputs and gradients by PyTorch in float64. Usage: layers.py (python3-torch).

A tensor is {"shape", "data"} in row-major order, images NCHW and weights OIHW as PyTorch has them; gradients are of
sum(y * dy).
"""
import json, os
import torch, torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


def T(t):
    return {"shape": list(t.shape), "data": [float("%.8g" % v) for v in t.detach().reshape(-1).tolist()]}


def case(op, f, x, params={}, **settings):
    x.requires_grad_()
    for p in params.values():
        p.requires_grad_()
    y = f(x, **params)
    dy = torch.randn_like(y)
    y.backward(dy)
    d = dict(op=op, x=T(x), y=T(y), dy=T(dy), dx=T(x.grad), **settings)
    for name, p in params.items():
        d[name], d["d" + name] = T(p), T(p.grad)
    return d


r = torch.randn
cases = []
for n, c, h, w, o, k, s, p, g, bias in [(2, 6, 5, 4, 4, 3, 1, 1, 2, True), (1, 8, 5, 5, 8, 3, 2, 1, 4, False),
                                        (1, 4, 6, 5, 12, 1, 1, 0, 4, False), (2, 5, 5, 6, 5, 3, 1, 1, 5, True),
                                        (1, 3, 7, 7, 3, 5, 2, 2, 3, False)]:
    params = dict(weight=r(o, c // g, k, k) * 0.3, **(dict(bias=r(o)) if bias else {}))
    cases.append(case("conv2d", lambda x, weight, bias=None: F.conv2d(x, weight, bias, s, p, 1, g), r(n, c, h, w), params,
                      stride=s, padding=p, groups=g))
cases.append(case("gelu", F.gelu, r(3, 9) * 2))
cases.append(case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), r(3, 9) * 2))
cases.append(case("silu", F.silu, r(3, 9) * 2))
cases.append(case("layer_norm", lambda x, weight, bias: F.layer_norm(x, (7,), weight, bias, 1e-5), r(5, 7) * 2 + 3,
                  dict(weight=r(7), bias=r(7)), eps=1e-5))
cases.append(case("layer_norm", lambda x: F.layer_norm(x, (7,), eps=1e-3), r(5, 7), eps=1e-3))
for h, w, oh, ow in [(7, 5, 3, 2), (6, 6, 3, 3), (2, 3, 4, 5)]:
    cases.append(case("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (oh, ow)), r(2, 3, h, w), height=oh, width=ow))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.json"), "w") as f:
    json.dump({"about": "Layers by PyTorch in float64, written by layers.py.", "cases": cases}, f, separators=(",", ":"))
    f.write("\n")
