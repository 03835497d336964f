"""Writes jpeg.json: small JPEGs of the usual kinds, and what Pillow decodes them to. Run: python3 jpeg.py"""
import base64
import io
import json
import os

import numpy as np
from PIL import Image

rng = np.random.default_rng(0)
W, H = 37, 27
y, x = np.mgrid[:H, :W]
pix = np.stack([128 + 100 * np.sin(x / 4 + c) * np.cos(y / 5 - c) for c in range(3)], -1) + rng.normal(0, 8, (H, W, 3))
img = Image.fromarray(pix.clip(0, 255).astype(np.uint8))
cases = []
for name, kind in [("4:4:4", {"subsampling": 0}), ("4:2:2", {"subsampling": 1}), ("4:2:0", {"subsampling": 2}),
                   ("4:2:0 progressive", {"subsampling": 2, "progressive": True}), ("gray", {})]:
    file = io.BytesIO()
    (img.convert("L") if name == "gray" else img).save(file, "JPEG", quality=90, **kind)
    pixels = np.asarray(Image.open(file).convert("RGB"))
    cases.append({"name": name, "file": base64.b64encode(file.getvalue()).decode(), "pix": base64.b64encode(pixels.tobytes()).decode()})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "jpeg.json"), "w") as f:
    json.dump({"width": W, "height": H, "cases": cases}, f, separators=(",", ":"))
    f.write("\n")
