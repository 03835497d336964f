"""torchvision's networks that read and write the files of this package: python torch_peer.py DIR, see torch_test.go.

For each network of DIR/names.json it writes random weights as NAME.pth (by turns in both formats of torch.save) and what
they give for the images, and loads NAME.safetensors, strictly, to write what that gives.
"""
import json, os, struct, sys
import numpy as np, torch, torchvision

here = sys.argv[1]
torch.manual_seed(1)


def read(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    return {name: torch.from_numpy(np.frombuffer(data[slice(*e["data_offsets"])], np.float32).reshape(e["shape"]).copy())
            for name, e in header.items() if name != "__metadata__"}


def write(path, tensors):
    header, parts, at = {}, [], 0
    for name, x in tensors.items():
        x = x.detach().contiguous().numpy()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        parts.append(x.tobytes())
        at += x.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def outputs(net, images):
    """Features and logits, in evaluation and then in training, whose running statistics come last."""
    out, features = {}, []
    net.avgpool.register_forward_hook(lambda m, i, o: features.append(o.flatten(1)))
    with torch.no_grad():
        for mode in ("eval", "train"):
            net.train(mode == "train")
            out["logits " + mode] = net(images)
            out["features " + mode] = features[-1]
    out["running variance"] = net.layer4[-1].bn2.running_var.clone()
    return out


images = read(os.path.join(here, "images.safetensors"))["images"].permute(0, 3, 1, 2)
for i, name in enumerate(json.load(open(os.path.join(here, "names.json")))):
    at = lambda ending: os.path.join(here, name + ending)
    net = getattr(torchvision.models, name)()
    net.load_state_dict(read(at(".safetensors")))
    write(at("_go.out"), outputs(net, images))

    net = getattr(torchvision.models, name)()
    with torch.no_grad():
        for path, x in net.state_dict().items():
            if x.dim() == 1 and not path.startswith("fc."):
                x.copy_(torch.rand_like(x) + 0.5 if path.endswith(("weight", "var")) else torch.randn_like(x) / 10)
    torch.save({"epoch": 1, "state_dict": {"module." + k: v for k, v in net.state_dict().items()}}, at(".pth"),
               _use_new_zipfile_serialization=i % 2 == 0)
    write(at("_torch.out"), outputs(net, images))
