"""scikit-learn's handwritten digits as pictures in files."""

import numpy as np
from PIL import Image
from sklearn import datasets


def pictures(count=None):
    """Return digits, `[count, 8, 8]` of 0 to 255, and their labels."""
    images, labels = datasets.load_digits(return_X_y=True)
    pixels = (images.reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    return pixels[:count], labels[:count]


def save(pixels, path):
    """Write one as a PNG; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
