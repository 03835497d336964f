#!/usr/bin/env python3
"""Writes operations.json: operations' outputs and gradients by PyTorch in float64. Usage: operations.py (python3-torch).

A tensor is {"shape", "data"} in row-major order; gradients are of sum(y * dy).
"""
import json, os
import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


def T(t):
    return {"shape": list(t.shape), "data": [float("%.8g" % v) for v in t.detach().reshape(-1).tolist()]}


def case(op, f, *shapes, **settings):
    inputs = [torch.randn(s).requires_grad_() for s in shapes]
    y = f(*inputs)
    dy = torch.randn_like(y)
    y.backward(dy)
    return dict(op=op, inputs=[T(x) for x in inputs], y=T(y), dy=T(dy), gradients=[T(x.grad) for x in inputs], **settings)


cases = []
for a, b in [((3, 4), (4,)), ((4,), (3, 4)), ((2, 1, 3), (4, 1)), ((2, 3, 2, 4), (2, 1, 1, 4)), ((5,), ()), ((3, 1), (1, 4)), ((2, 3), (2, 3))]:
    cases.append(case("add", lambda x, y: x + y, a, b))
    cases.append(case("mul", lambda x, y: x * y, a, b))
cases.append(case("transpose", lambda x: x.transpose(-1, -2), (3, 5)))
cases.append(case("transpose", lambda x: x.transpose(-1, -2), (2, 3, 4)))
for order, shape in [((0, 3, 1, 2), (2, 3, 4, 2)), ((2, 0, 1), (3, 2, 4)), ((1, 0, 2), (3, 2, 4))]:
    cases.append(case("permute", lambda x: x.permute(*order), shape, order=order))
cases.append(case("matmul", torch.matmul, (3, 2, 4), (3, 4, 5)))
cases.append(case("matmul", torch.matmul, (2, 2, 3, 4), (2, 2, 4, 1)))
cases.append(case("matmul_t", lambda a, b: a @ b.transpose(-1, -2), (3, 2, 4), (3, 5, 4)))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "operations.json"), "w") as f:
    json.dump({"about": "Operations by PyTorch in float64, written by operations.py.", "cases": cases}, f, separators=(",", ":"))
    f.write("\n")
