"""Writes pil.json: what Pillow makes of one small image and of a range of colours. Run: python3 pil.py"""
import base64
import json
import os

import numpy as np
import PIL
from PIL import Image, ImageEnhance, ImageOps

rng = np.random.default_rng(0)
W, H = 12, 9
pix = rng.integers(0, 256, (H, W, 3))
pix[2:6, 3:9] = pix[2:6, 3:9] // 4 + 90  # a patch of low contrast
img = Image.fromarray(pix.astype(np.uint8))
big = rng.integers(0, 256, (40, 32, 3)) ** 2 // 400 + 30  # enough pixels to equalise
big = Image.fromarray(big.astype(np.uint8))


def flat(im):
    return base64.b64encode(np.asarray(im).tobytes()).decode()


def shift_hue(im, turn):
    h, s, v = im.convert("HSV").split()
    h = np.asarray(h) + np.uint8(int(turn * 255) % 256)  # wraps
    return Image.merge("HSV", (Image.fromarray(h), s, v)).convert("RGB")


def affine(matrix):
    return img.transform(img.size, Image.AFFINE, matrix, Image.NEAREST, fillcolor=(128, 128, 128))


cases = []


def case(op, arg, out, source="small"):
    cases.append({"op": op, "args": arg if isinstance(arg, list) else [arg], "source": source, "want": flat(out)})


for f in [0.0, 0.1, 0.35, 0.9, 1.0, 1.3, 1.9]:
    for name in ["Brightness", "Contrast", "Color", "Sharpness"]:
        case(name, f, getattr(ImageEnhance, name)(img).enhance(f))
case("Invert", 0, ImageOps.invert(img))
for t in [0, 57, 128, 255, 256]:
    case("Solarize", t, ImageOps.solarize(img, t))
for b in [1, 4, 5, 8]:
    case("Posterize", b, ImageOps.posterize(img, b))
for source, im in [("small", img), ("big", big)]:
    case("AutoContrast", 0, ImageOps.autocontrast(im), source)
    case("Equalize", 0, ImageOps.equalize(im), source)
for t in [-0.5, -0.1, -0.03, 0.0, 0.08, 0.1, 0.5]:
    case("Hue", t, shift_hue(img, t))
for v in [-0.3, -0.1, 0.2, 0.3]:
    case("ShearX", v, affine((1, v, 0, 0, 1, 0)))
    case("ShearY", v, affine((1, 0, 0, v, 1, 0)))
for v in [-14, -3, 1, 5]:
    case("TranslateX", v, affine((1, 0, v, 0, 1, 0)))
    case("TranslateY", v, affine((1, 0, 0, 0, 1, v)))
for d in [-30, -13.3, 0, 3.3, 45, 90, 180, 270]:
    case("Rotate", d, img.rotate(d, fillcolor=(128, 128, 128)))
# Crops of the big image (x, y, width, height), resized to its own size, and down to 12×9, where every pixel is a mean of several.
for name, how in [("Bilinear", Image.BILINEAR), ("Bicubic", Image.BICUBIC)]:
    for box in [(0, 0, 32, 40), (3, 5, 20, 11), (10, 0, 22, 40), (0, 7, 32, 9), (31, 39, 1, 1), (4, 4, 2, 30)]:
        x, y, w, h = box
        case(name, [*box, *big.size], big.crop((x, y, x + w, y + h)).resize(big.size, how), "big")
    case(name, [1, 2, 29, 38, W, H], big.crop((1, 2, 30, 40)).resize((W, H), how), "big")

# The shorter side of the big image brought to a size, and the middle (height, width) of that.
for name, how in [("Bilinear", Image.BILINEAR), ("Bicubic", Image.BICUBIC)]:
    for side in [7, 25, 32, 50]:
        at = big.resize((side, int(side * big.height / big.width)), how)
        case("Resize" + name, [side], at, "big")
        top, left = round((at.height - 6) / 2.0), round((at.width - 5) / 2.0)
        case("CenterCrop" + name, [side, 6, 5], at.crop((left, top, left + 5, top + 6)), "big")

out = {"pillow": PIL.__version__, "small": {"width": W, "height": H, "pix": flat(img)},
       "big": {"width": 32, "height": 40, "pix": flat(big)}, "cases": cases}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pil.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
