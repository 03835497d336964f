"""Writes what torchvision makes of the files in DIR/files.json, as bytes of RGB. Run: python3 torch_peer.py DIR"""
import json
import os
import sys

from PIL import Image
from torchvision.transforms import InterpolationMode, functional as F
from torchvision import transforms as T

to = sys.argv[1]
for i, path in enumerate(json.load(open(os.path.join(to, "files.json")))):
    img = Image.open(path).convert("RGB")
    w, h = img.size
    box = (h // 4, w // 5, h * 2 // 3, w // 2)  # top, left, height, width
    for name, out in {
        "decoded": img,
        "bilinear": T.Resize(64)(img),
        "bicubic": T.Resize(300, InterpolationMode.BICUBIC)(img),
        "middle": T.CenterCrop(224)(T.Resize(256)(img)),
        "padded": T.CenterCrop((260, 1001))(img),
        "resized crop": F.resized_crop(img, *box, (224, 224)),
        "sharp crop": F.resized_crop(img, *box, (224, 224), InterpolationMode.BICUBIC),
    }.items():
        with open(os.path.join(to, f"{i} {name}"), "wb") as f:
            f.write(out.tobytes())
