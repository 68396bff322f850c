"""A picture to encode, and its bytes."""

import io

import numpy as np
from PIL import Image


def blocks(channels, seed=0):
    """Return 4×5 random colours of 8×8 pixels each, which JPEG keeps."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (4, 5, channels))
    return np.kron(small, np.ones((8, 8, 1), int)).astype(np.uint8)


RGB = Image.fromarray(blocks(3))


def encoded(image, kind, **options):
    """Return a picture's bytes in a format of Pillow's."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
