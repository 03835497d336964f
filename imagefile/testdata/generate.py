"""Writes one small picture in every format and color model, with the pixels that Pillow decodes (expected.json).

    python3 generate.py

Pillow 9.4. Pixels are RGB of the upright picture, row by row; what is transparent is seen on black.
"""
import io, json
from PIL import Image, ImageOps

W, H = 6, 4
rgb = Image.new("RGB", (W, H))
for y in range(H):
    for x in range(W):
        rgb.putpixel((x, y), (40 * x, 70 * y, 200 - 30 * x))
big = rgb.resize((48, 32), Image.NEAREST)  # JPEG keeps blocks of 8 apart
alpha = rgb.convert("RGBA")
for x in range(W):
    alpha.putpixel((x, 1), alpha.getpixel((x, 1))[:3] + (51 * x,))
grey16 = Image.new("I;16", (W, H))
for y in range(H):
    for x in range(W):
        grey16.putpixel((x, y), 10000 * x + 300 * y)
palette = rgb.quantize(8)
clear = palette.copy()
clear.info["transparency"] = 0


def without_adobe(raw):
    at = raw.index(b"\xff\xee")
    return raw[:at] + raw[at + 2 + int.from_bytes(raw[at + 2:at + 4], "big"):]


def save(image, format, **options):
    b = io.BytesIO()
    image.save(b, format, **options)
    return b.getvalue()


def exif(orientation):
    e = Image.Exif()
    e[274] = orientation
    return e.tobytes()


files = {
    "rgb.png": save(rgb, "PNG"), "rgba.png": save(alpha, "PNG"), "grey.png": save(rgb.convert("L"), "PNG"),
    "grey-alpha.png": save(alpha.convert("LA"), "PNG"), "palette.png": save(palette, "PNG"),
    "one-bit.png": save(rgb.convert("1"), "PNG"), "grey16.png": save(grey16, "PNG"),
    "palette-clear.png": save(clear, "PNG", transparency=0),
    "rgb.bmp": save(rgb, "BMP"), "rgb.gif": save(palette, "GIF"), "rgb.tiff": save(rgb, "TIFF", compression="tiff_lzw"),
    "grey.tiff": save(rgb.convert("L"), "TIFF"), "lossless.webp": save(rgb, "WebP", lossless=True),
    "lossy.webp": save(big, "WebP", quality=90), "rgb.jpg": save(big, "JPEG", quality=95),
    "progressive.jpg": save(big, "JPEG", quality=95, progressive=True), "grey.jpg": save(big.convert("L"), "JPEG", quality=95),
    "cmyk.jpg": save(big.convert("CMYK"), "JPEG", quality=95),
    "cmyk-no-adobe.jpg": without_adobe(save(big.convert("CMYK"), "JPEG", quality=95)),
    "orientation6.png": save(rgb, "PNG", exif=exif(6)), "orientation6.webp": save(rgb, "WebP", lossless=True, exif=exif(6)),
}
for o in range(1, 9):
    files[f"orientation{o}.jpg"] = save(big, "JPEG", quality=95, exif=exif(o))

expected = {}
for name, raw in sorted(files.items()):
    open(name, "wb").write(raw)
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(raw)))
    if name.startswith("grey16"):
        image = Image.frombytes("L", image.size, bytes(v >> 8 for v in image.getdata()))
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    image = image.convert("RGB")
    step = 8 if image.width * image.height > 100 else 1  # middles of blocks
    pixels = [image.getpixel((x, y)) for y in range(step // 2, image.height, step) for x in range(step // 2, image.width, step)]
    expected[name] = {"width": image.width, "height": image.height, "step": step, "pixels": pixels}
json.dump(expected, open("expected.json", "w"))
