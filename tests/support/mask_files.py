"""Small sets of pictures with masks, as people keep them."""

import io

import numpy as np
from PIL import Image

from kerasnotes.data.pictures.readers.masks import read

HEIGHT, WIDTH = 12, 16
PALETTE = [0, 0, 0, 200, 30, 30, 30, 200, 30] + [7] * (3 * 252) + [224] * 3


def mask(i, values=(0, 1, 2)):
    """Return the mask of picture i: a box and a row of a second class."""
    rows = np.full([HEIGHT, WIDTH], values[0], np.uint8)
    rows[2 + i % 4 : 8, 3:11] = values[1]
    rows[10] = values[2]
    return rows


def picture(path, i=0, size=(WIDTH, HEIGHT), **arguments):
    """Write a picture in colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(i).integers(0, 256, [*size[::-1], 3])
    Image.fromarray(pixels.astype(np.uint8)).save(path, **arguments)


def save(path, values, mode=None, palette=None, **arguments):
    """Write an array as a mask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(values, np.uint8))
    if palette:
        image.putpalette(palette)
    image.convert(mode or image.mode).save(path, **arguments)


def beside(root, count=4, values=(0, 1, 2), **arguments):
    """Write `x.png` with `x_mask.png` each."""
    for i in range(count):
        picture(root / f"{i}.png", i)
        save(root / f"{i}_mask.png", mask(i, values), **arguments)
    return root


def stack(path, pages):
    """Write the pages of a TIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = map(Image.fromarray, pages)
    first.save(path, save_all=True, append_images=rest)


def png(values):
    """Return an array as the bytes of a PNG."""
    data = io.BytesIO()
    Image.fromarray(np.asarray(values, np.uint8)).save(data, "PNG")
    return data.getvalue()


def examples(path, size=(HEIGHT, WIDTH), **arguments):
    """Return the `MaskExamples` of a folder."""
    return read.read(path, size, **arguments)
