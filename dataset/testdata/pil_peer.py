"""Writes image files of every format and color model into the folder that is named, and of each what PIL makes of it at 64×48,
as RGB bytes: transparency on black, 16 bits by their upper eight, upright. files.json has their names and what they are."""
import json, os, random, sys
from PIL import Image, ImageDraw, ImageOps

dir = sys.argv[1]
rng = random.Random(1)


def picture():
    """A photograph's like: slopes, shapes with edges, noise."""
    w, h = rng.randint(20, 320), rng.randint(20, 240)
    bands = []
    for _ in range(3):
        slope = Image.linear_gradient("L").rotate(rng.choice([0, 90, 180, 270])).resize((w, h), Image.BICUBIC)
        bands.append(Image.blend(slope, Image.effect_noise((w, h), 60), 0.15))
    img = Image.merge("RGB", bands)
    draw = ImageDraw.Draw(img)
    for _ in range(5):
        x, y = rng.randrange(w), rng.randrange(h)
        box = [x, y, x + rng.randint(5, w), y + rng.randint(5, h)]
        rng.choice([draw.ellipse, draw.rectangle])(box, fill=tuple(rng.randrange(256) for _ in range(3)))
    return img


def alpha(img):
    img.putalpha(Image.radial_gradient("L").resize(img.size, Image.BICUBIC))
    return img


def grey_alpha(img):
    img = img.convert("L")
    return alpha(img)


def palette(colors):
    return lambda img: img.convert("P", palette=Image.ADAPTIVE, colors=colors)


def deep(img):
    return img.convert("L").convert("I").point(lambda v: v * 257 + 0).convert("I;16")


def mode(name):
    return lambda img: img.convert(name)


def exif(orientation):
    e = Image.Exif()
    e[274] = orientation
    return e


RGB, GREY = mode("RGB"), mode("L")
kinds = [("jpg", "grey", GREY, {}), ("jpg", "CMYK", mode("CMYK"), {"quality": 95}), ("jpg", "progressive", RGB, {"quality": 90, "progressive": True})]
kinds += [("jpg", "color subsampled by way %d" % s, RGB, {"quality": q, "subsampling": s}) for s, q in [(0, 95), (1, 85), (2, 75)]]
kinds += [("jpg", "orientation %d" % o, RGB, {"quality": 95, "exif": exif(o)}) for o in range(1, 9)]
kinds += [("png", m, mode(m), {}) for m in ["1", "L", "RGB"]]
kinds += [("png", "palette of %d" % n, palette(n), {}) for n in [2, 16, 256]]
kinds += [("png", "grey, 16 bit", deep, {}), ("png", "alpha", alpha, {}), ("png", "grey and alpha", grey_alpha, {}),
          ("png", "palette, one color transparent", palette(16), {"transparency": 3}), ("png", "orientation 6", RGB, {"exif": exif(6)}),
          ("png", "a transparent grey", GREY, {"transparency": 100}), ("png", "a transparent color", RGB, {"transparency": (1, 2, 3)})]
kinds += [("gif", "grey", GREY, {}), ("gif", "colors", palette(256), {}), ("gif", "one color transparent", palette(64), {"transparency": 5}),
          ("gif", "two frames", palette(64), {"save_all": True, "append_images": [Image.new("P", (9, 9))]})]
kinds += [("webp", "lossy", RGB, {"quality": 90}), ("webp", "lossless", RGB, {"lossless": True}), ("webp", "lossy, alpha", alpha, {"quality": 90}),
          ("webp", "lossless, alpha", alpha, {"lossless": True, "exact": True}), ("webp", "orientation 8", RGB, {"quality": 95, "exif": exif(8)})]
kinds += [("bmp", m, mode(m), {}) for m in ["1", "L", "RGB"]] + [("bmp", "palette", palette(256), {}), ("bmp", "alpha", alpha, {})]
for way in [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"]:
    kinds += [("tif", "%s, %s" % (m, way), mode(m), {"compression": way}) for m in ["1", "L", "RGB", "CMYK"]]
    kinds += [("tif", "alpha, %s" % way, alpha, {"compression": way}), ("tif", "palette, %s" % way, palette(256), {"compression": way}),
              ("tif", "grey, 16 bit, %s" % way, deep, {"compression": way})]
kinds += [("tif", "fax", mode("1"), {"compression": "group4"}), ("tif", "orientation 3", RGB, {"exif": exif(3)})]


def seen(path):
    img = Image.open(path)
    img.load()
    if img.format != "TIFF":  # which PIL 9.4 turns as it loads, and would turn back
        img = ImageOps.exif_transpose(img)
    if img.mode.startswith("I"):
        img = img.convert("I").point(lambda v: v * (1 / 256) + 0).convert("L")
    if img.mode in ("RGBA", "LA", "PA") or "transparency" in img.info:
        img = img.convert("RGBA")
        img = Image.alpha_composite(Image.new("RGBA", img.size, (0, 0, 0, 255)), img)
    return img.convert("RGB").resize((64, 48), Image.BICUBIC).tobytes()


files = []
while len(files) < 300:
    for ending, what, change, how in kinds:
        name = "%03d.%s" % (len(files), ending)
        change(picture()).save(os.path.join(dir, name), **{k: v for k, v in how.items() if v is not None})
        with open(os.path.join(dir, name + ".rgb"), "wb") as f:
            f.write(seen(os.path.join(dir, name)))
        files.append({"name": name, "what": what})
with open(os.path.join(dir, "files.json"), "w") as f:
    json.dump(files, f)
