"""A ResNet-32 of PyTorch that reads and writes the files of this package: python torch_peer.py DIR, see torch_test.go."""
import json, struct, sys
import numpy as np, torch
from torch import nn
from torch.nn import functional as F


def read(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    types = {"F32": np.float32, "I64": np.int64}
    out = {}
    for name, e in header.items():
        if name != "__metadata__":
            a, b = e["data_offsets"]
            out[name] = torch.from_numpy(np.frombuffer(data[a:b], types[e["dtype"]]).reshape(e["shape"]).copy())
    return out


def write(path, tensors):
    header, parts, at = {}, [], 0
    for name, x in tensors.items():
        x = x.detach().contiguous().numpy()
        header[name] = {"dtype": {"float32": "F32", "int64": "I64"}[str(x.dtype)], "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        parts.append(x.tobytes())
        at += x.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.stride, self.pad = stride, (o - i) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.pad, self.pad)))


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        stage = lambda i, o, s: nn.Sequential(Block(i, o, s), *[Block(o, o, 1) for _ in range(4)])
        self.layer1, self.layer2, self.layer3 = stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.layer3(self.layer2(self.layer1(x))).mean((2, 3))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone, self.classifier = Backbone(), nn.Linear(64, 10)
        self.projection = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 128))

    def forward(self, x):
        f = self.backbone(x)
        return {"logits": self.classifier(f), "embeddings": F.normalize(self.projection(f))}


dir = sys.argv[1]
images = read(dir + "/images.safetensors")["images"].permute(0, 3, 1, 2)

net = Net()
wrong = net.load_state_dict(read(dir + "/go.safetensors"), strict=False)
assert not wrong.unexpected_keys and all(k.endswith("num_batches_tracked") for k in wrong.missing_keys), wrong
write(dir + "/go_outputs.safetensors", net.eval()(images))

torch.manual_seed(1)
net = Net()
sgd = torch.optim.SGD(net.parameters(), 0.05)
for _ in range(3):  # weights and running statistics other than those of the start
    sgd.zero_grad()
    F.cross_entropy(net(images)["logits"], torch.arange(len(images)) % 10).backward()
    sgd.step()
write(dir + "/torch.safetensors", net.state_dict())
write(dir + "/torch_outputs.safetensors", net.eval()(images))
